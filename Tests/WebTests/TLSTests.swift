import COpenSSL
import Crypto
import Reactor
import Testing
import Wire

@testable import Web

/// A blocking TLS client that trusts anybody.
private final class TLSClient {
    private let context: OpaquePointer
    private let session: OpaquePointer
    private let socket: TestClient

    init(to address: SocketAddress) throws {
        socket = try TestClient(to: address)
        context = try #require(SSL_CTX_new(TLS_client_method()))
        session = try #require(SSL_new(context))
        let protocols = Array("\u{2}h2\u{8}http/1.1".utf8)
        SSL_set_alpn_protos(session, protocols, UInt32(protocols.count))
        SSL_set_fd(session, socket.descriptor)
        try #require(SSL_connect(session) == 1)
    }

    deinit {
        SSL_free(session)
        SSL_CTX_free(context)
    }

    var chosenProtocol: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// The subject of the server's certificate.
    var shownName: String {
        let certificate = SSL_get1_peer_certificate(session)
        defer { X509_free(certificate) }
        var name = [CChar](repeating: 0, count: 256)
        X509_NAME_oneline(X509_get_subject_name(certificate), &name, Int32(name.count))
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = SSL_write(session, bytes, Int32(bytes.count))
    }

    func readAll() -> String {
        var bytes = [UInt8]()
        while true {
            var status: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                status = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
                count = max(0, Int(status))
            }
            guard status > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece
        }
    }

    /// Whether the server ended the connection as TLS has it, and not by dropping it.
    var wasClosedProperly: Bool { SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }
}

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    private func identity(named name: String = "localhost") throws -> TLSIdentity {
        try TLSIdentity(Certificate.selfSigned(commonName: name, now: WallTime(milliseconds: 1_700_000_000_000)))
    }

    private func application() -> WebApplication {
        var router = Router()
        router.serve(.post, "/echo") { request, _ in
            HTTPResponse(.ok, contentType: "text/plain", body: request.isTLS ? request.body : [])
        }
        return WebApplication(router: router, middleware: [StandardMiddleware.securityHeaders])
    }

    @Test func `HTTPS carries large bodies both ways and ends with close_notify`() async throws {
        try await TestServer.run(application(), identity: identity()) { server in
            let client = try TLSClient(to: server.address)
            #expect(client.chosenProtocol == "http/1.1")
            let body = String(repeating: "0123456789", count: 40_000)
            client.send(
                "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                    + body)
            let answer = client.readAll()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix(body))
            #expect(answer.contains("Strict-Transport-Security"))
            #expect(client.wasClosedProperly)
        }
    }

    @Test func `plain HTTP on the TLS port is dropped, and the next client served`() async throws {
        try await TestServer.run(application(), identity: identity()) { server in
            let plain = try TestClient(to: server.address)
            plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(!plain.readAll().contains("HTTP/1.1 200"))
            let client = try TLSClient(to: server.address)
            client.send("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            #expect(client.readAll().hasSuffix("ok"))
        }
    }

    @Test func `another identity is shown to whoever connects next, and who is connected goes on`() async throws {
        try await TestServer.run(application(), identity: identity(named: "former")) { server in
            let early = try TLSClient(to: server.address)
            #expect(early.shownName.contains("former"))
            try await server.server.show(identity(named: "latter"))
            let late = try TLSClient(to: server.address)
            #expect(late.shownName.contains("latter"))
            for client in [early, late] {
                client.send("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
                #expect(client.readAll().hasSuffix("ok"))
            }
        }
    }

    @Test func `missing certificate files are named`() {
        #expect { try TLSIdentity(certificateFile: "/nowhere/c.pem", keyFile: "/nowhere/k.pem") } throws: {
            "\($0)".contains("/nowhere/c.pem")
        }
    }
}
