"""Console output of instances that are machines: moto's own answer is the same for all."""

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.responses.general import General
from moto.ec2.utils import Base64EncodedString

from .questions import questions


def install() -> None:
    given = General.get_console_output

    def get_console_output(self: Any) -> Any:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        text = questions.ask(about="console", instanceId=instance.id)
        if text is None:
            return given(self)
        output = Base64EncodedString.from_raw_string(text[-KEPT:])
        return ActionResult({"InstanceId": instance.id, "Timestamp": utcnow(), "Output": output})

    General.get_console_output = get_console_output


#: Characters of a console that EC2 keeps.
KEPT = 64 * 1024
