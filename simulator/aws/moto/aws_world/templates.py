"""Launch template versions: moto forgets the version that a new one is made from."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.launch_templates import LaunchTemplates

_create_version = LaunchTemplates.create_launch_template_version


def create_launch_template_version(self: Any) -> ActionResult:
    source = self._get_param("SourceVersion")
    if source:
        template_id, name = self._get_param("LaunchTemplateId"), self._get_param("LaunchTemplateName")
        backend = self.ec2_backend
        template = backend.get_launch_template(template_id) if template_id else backend.get_launch_template_by_name(name)
        self.params["LaunchTemplateData"] = {
            **template.get_version(source).data,
            **self._get_param("LaunchTemplateData", {}),
        }
    return _create_version(self)


def install() -> None:
    LaunchTemplates.create_launch_template_version = create_launch_template_version  # type: ignore[method-assign]
