"""cloud-init's own source of EC2's metadata, which recognises EC2 by the firmware's tables: simulated machines have none."""

from cloudinit import sources
from cloudinit.sources.DataSourceEc2 import CloudNames, DataSourceEc2


class DataSourceSimulatedEc2(DataSourceEc2):
    # The other addresses of the service do not exist here, and looking for their names takes time.
    metadata_urls = ["http://169.254.169.254"]

    def _get_cloud_name(self):
        return CloudNames.AWS


def get_datasource_list(depends):
    needs = (sources.DEP_FILESYSTEM, sources.DEP_NETWORK)
    return sources.list_from_depends(depends, [(DataSourceSimulatedEc2, needs)])
