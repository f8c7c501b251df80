"""Document 002's environment of its test mode."""

import pytest
from shapes import Service
from world import Deployment, environment


@pytest.mark.interface
def test_the_environment_starts_the_program(world):
    with Deployment(world, environment("002", "test-mode.env")) as program:
        service = Service(program, login=None)
        assert service.ask("GET", "/health")["status"] == "ok"
        listed = service.ask("GET", "/api/calls")
        assert listed["success"] is True and set(listed["pagination"]) == {"page", "limit", "total", "pages"}
