"""Servers that take traces by OTLP, over HTTP and over gRPC, made of the official `opentelemetry-proto` and `grpcio`."""

import gzip
import http.server
import ssl
import threading
import time
from collections import namedtuple
from concurrent import futures

import grpc
from gateway import wait_for
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

# Quick, so that no test waits for a batch to fill.
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "100"}

Span = namedtuple("Span", "trace id parent name kind start end attributes events status message resource")


def _plain(attributes):
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def _spans(request):
    for resource in request.resource_spans:
        about = _plain(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
                    span.start_time_unix_nano / 1e9, span.end_time_unix_nano / 1e9, _plain(span.attributes),
                    [event.name for event in span.events], span.status.code, span.status.message, about)


class Receiver:
    """Keeps what it takes. `answer()` says what each request is met with: None takes it, a number refuses it."""

    def __init__(self, port=0, identity=None):
        """`identity`: the paths of the key and the certificate, in PEM, for TLS."""
        self.port, self.identity, self._server = port, identity, None
        self.spans, self.requests, self.headers = [], 0, []
        self.answer = lambda: None
        self.retry_after = None
        self.lock = threading.Lock()

    def take(self, request, headers):
        """Answers None, or the status of the refusal."""
        with self.lock:
            self.requests += 1
            self.headers.append(headers)
        refusal = self.answer()
        if refusal is None:
            found = list(_spans(request))
            with self.lock:
                self.spans += found
        return refusal

    def named(self, name, **attributes):
        with self.lock:
            return [span for span in self.spans if span.name == name and attributes.items() <= span.attributes.items()]

    def wait(self, name, seconds=15, **attributes):
        return wait_for(lambda: self.named(name, **attributes), seconds, f"a span {name} {attributes}")[0]

    def trace(self, span):
        """All spans of a span's trace, by name."""
        with self.lock:
            found = {}
            for each in self.spans:
                if each.trace == span.trace:
                    found.setdefault(each.name, []).append(each)
            return found

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class HTTPReceiver(Receiver):
    protocol = "http/protobuf"

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
                status = receiver.take(
                    trace_service_pb2.ExportTraceServiceRequest.FromString(body), dict(self.headers)) or 200
                self.send_response(status)
                if receiver.retry_after is not None and status != 200:
                    self.send_header("Retry-After", str(receiver.retry_after))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        if self.identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.identity[1], self.identity[0])
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class GRPCReceiver(Receiver):
    protocol = "grpc"

    def start(self):
        receiver = self

        class Service(trace_service_pb2_grpc.TraceServiceServicer):
            def Export(self, request, context):
                code = receiver.take(request, dict(context.invocation_metadata()))
                if code is not None:
                    context.abort(code, "as told")
                return trace_service_pb2.ExportTraceServiceResponse()

        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Service(), self._server)
        place = f"127.0.0.1:{self.port}"
        if self.identity:
            key, chain = (path.read_bytes() for path in self.identity)
            self.port = self._server.add_secure_port(place, grpc.ssl_server_credentials([(key, chain)]))
        else:
            self.port = self._server.add_insecure_port(place)
        self._server.start()
        return self

    def stop(self):
        self._server.stop(0).wait()


def slow(seconds):
    def answer():
        time.sleep(seconds)

    return answer
