"""
The hub as its chart configures it: of the values, what concerns the hub itself. Their names are the chart's, and mean what its documentation says.
Browsers come to the hub without a proxy before it.
"""

import json
import os

from jupyterhub.proxy import Proxy

with open(os.environ["HUB_VALUES"]) as file:
    values = json.load(file)
port = os.environ["HUB_PORT"]


class NoProxy(Proxy):
    should_start = False
    routes = {}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return self.routes


c = get_config()  # noqa: F821

c.JupyterHub.proxy_class = NoProxy
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cleanup_servers = False

for application, settings in values["hub"]["config"].items():
    c[application].update(settings)

singleuser = values["singleuser"]
storage = singleuser["storage"]
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.KubeSpawner.namespace = "default"
c.KubeSpawner.image = "notebook"
c.KubeSpawner.start_timeout = singleuser["startTimeout"]
c.KubeSpawner.profile_list = singleuser["profileList"]
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_capacity = storage["capacity"]
c.KubeSpawner.storage_access_modes = storage["dynamic"]["storageAccessModes"]
c.KubeSpawner.storage_class = storage["dynamic"]["storageClass"]
