"""A bucket of an S3 server of our own."""

import contextlib

import boto3
from moto.server import ThreadedMotoServer


@contextlib.contextmanager
def s3_bucket(name="calls"):
    """Runs a server with one bucket, and gives a client of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", aws_access_key_id="access", aws_secret_access_key="secret",
        region_name="us-east-1")
    client.create_bucket(Bucket=name)
    try:
        yield client
    finally:
        # All servers of a process have the same buckets.
        for stored in client.list_objects_v2(Bucket=name).get("Contents", []):
            client.delete_object(Bucket=name, Key=stored["Key"])
        server.stop()
