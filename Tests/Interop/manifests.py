"""The documents of k8s/ as kubectl makes them of an overlay."""

import os
import subprocess

import yaml
from gateway import REPOSITORY

KUBECTL = os.environ.get("KUBECTL", "kubectl")


def built(overlay):
    done = subprocess.run([KUBECTL, "kustomize", str(REPOSITORY / "k8s" / overlay)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def only(documents, kind, name="tandem"):
    return next(one for one in documents if one["kind"] == kind and one["metadata"]["name"] == name)


def pod(documents):
    return only(documents, "Deployment")["spec"]["template"]["spec"]


def settings(container):
    """The environment that the manifest writes down itself."""
    return {one["name"]: one["value"] for one in container["env"] if "value" in one}


def ports(container):
    return {(one["containerPort"], one.get("protocol", "TCP")): one["name"] for one in container["ports"]}
