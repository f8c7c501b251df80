import CZlib
import Reactor
import Testing
import Wire

@testable import Web

/// Bodies for clients that take gzip, and clients that have a body already.
@Suite struct CompressionTests {
    private static let text = String(repeating: "звонок ", count: 4000)

    /// Asks for `body` through the middleware.
    private func ask(
        accept: String?, _ response: HTTPResponse, _ extra: (String, String)? = nil
    ) async throws -> HTTPResponse {
        let thread = BlockingThread(name: "compression")
        defer { thread.stop() }
        let middleware = Compression(thread: thread).middleware
        var fields = HTTPFields()
        if let accept { fields.add("Accept-Encoding", accept) }
        if let extra { fields.add(extra.0, extra.1) }
        let target = try #require(HTTPTarget("/"))
        return await middleware(HTTPRequest(method: .get, target: target, fields: fields), "/") { _ in response }
    }

    private func gunzip(_ bytes: [UInt8]) -> String? {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, size) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var (input, status) = (bytes, Z_OK)
        let output = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
                (stream.next_out, stream.avail_out) = (buffer.baseAddress, 1 << 20)
                status = inflate(&stream, Z_FINISH)
            }
            count = (1 << 20) - Int(stream.avail_out)
        }
        return status == Z_STREAM_END ? String(decoding: output, as: UTF8.self) : nil
    }

    @Test(arguments: [1200, 16_384, 16_385, 40_000]) func `long bodies are compressed, here or on the thread`(
        length: Int
    ) async throws {
        let body = String(Self.text.prefix(length / 2))
        let response = try await ask(accept: "br, gzip;q=0.5", .text(body))
        #expect(response.fields["Content-Encoding"] == "gzip" && response.fields["Vary"] == "Accept-Encoding")
        #expect(response.body.count < body.utf8.count / 4)
        #expect(gunzip(response.body) == body)
    }

    @Test(
        arguments: [
            (nil, false), ("identity", false), ("gzip;q=0", false), ("gzip;q=0, *", false), ("*", true), ("GZIP", true),
            ("deflate, gzip;q=1.0, *;q=0.5", true), ("gzip;q=x", false), ("*;q=0", false), ("", false),
        ] as [(String?, Bool)])
    func `only clients that take it are given it`(accept: String?, isTaken: Bool) async throws {
        let response = try await ask(accept: accept, .text(Self.text))
        #expect((response.fields["Content-Encoding"] == "gzip") == isTaken)
        #expect(response.fields["Vary"] == "Accept-Encoding")
        if !isTaken { #expect(response.body == Array(Self.text.utf8)) }
    }

    @Test func `short bodies, pieces, pictures and what is compressed already stay as they are`() async throws {
        let long = [UInt8](Self.text.utf8)
        let responses: [HTTPResponse] = [
            .text(String(repeating: "x", count: 1024)), HTTPResponse(.ok, contentType: "audio/wav", body: long),
            HTTPResponse(.partialContent, contentType: "text/plain", body: long), HTTPResponse(.ok, body: long),
            .text(Self.text).with("Content-Encoding", "br"),
        ]
        for response in responses {
            let sent = try await ask(accept: "gzip", response)
            #expect(sent.body == response.body && sent.fields["Vary"] == nil)
        }
    }

    @Test func `noise is sent as it is, for compressing it is no gain`() async throws {
        var random = Entropy(seed: 3)
        let noise = (0..<4000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let response = try await ask(accept: "gzip", HTTPResponse(.ok, contentType: "text/plain", body: noise))
        #expect(response.body == noise && response.fields["Content-Encoding"] == nil)
    }

    @Test func `a client that has the body is told so`() throws {
        let target = try #require(HTTPTarget("/"))
        func ask(_ known: String?) -> HTTPResponse {
            var fields = HTTPFields()
            if let known { fields.add("If-None-Match", known) }
            return HTTPResponse.text("body").tagged(for: HTTPRequest(method: .get, target: target, fields: fields))
        }
        let fresh = ask(nil)
        let tag = try #require(fresh.fields["ETag"])
        #expect(fresh.status == .ok && tag.hasPrefix("W/\"") && fresh.fields["Cache-Control"] == "private, no-cache")
        for known in [tag, String(tag.dropFirst(2)), "\"x\", \(tag)", "*"] {
            let response = ask(known)
            #expect(response.status == .notModified && response.body.isEmpty && response.fields["ETag"] == tag)
        }
        #expect(ask("\"x\"").status == .ok)
        let request = HTTPRequest(method: .get, target: target)
        #expect(Failure.notFound.response.tagged(for: request).fields["ETag"] == nil)
    }
}
