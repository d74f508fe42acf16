"""Runs moto's server with what we add, on a loopback port. Ends when its standard input ends, so that it never outlives its parent.

The first line on standard output is `{"event": "listening", "port": …}`; events of instances follow, one JSON object a line.
"""

import argparse
import json
import logging
import os
import sys
import threading


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--timing", default="{}", help="milliseconds by name, JSON")
    arguments.add_argument("--first-address", type=int, default=0, help="where public addresses begin in 127.79.0.0/16")
    arguments.add_argument("--asks", action="store_true", help="whether standard input answers questions")
    given = arguments.parse_args()

    # AWS's managed policies (AmazonSSMManagedInstanceCore, ...) can be attached to roles.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    from aws_world import account, balancer_interfaces, balancers, console, dependencies, fleet_calls, images, instances, lustre, network, placement
    from aws_world import public_access, reservations, service_quotas, templates, words, zones
    from aws_world.application import Application
    from aws_world.questions import questions
    from aws_world.world import world

    parts = (balancers, balancer_interfaces, console, images, instances, dependencies, fleet_calls, lustre, network, placement)
    for part in (*parts, account, public_access, reservations, service_quotas, templates, words, zones):
        part.install()
    world.timing.update(json.loads(given.timing))
    network.begin_at(given.first_address)
    questions.answered = given.asks
    world.start()

    application = Application(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", given.port, application, threaded=True, request_handler=MotoRequestHandler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
    world.emit({"event": "listening", "port": server.server_port})
    for line in sys.stdin:
        questions.answer(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
