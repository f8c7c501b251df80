import Crypto
import Foundation
import Testing
import Wire

@testable import Reactor

/// Certificates for tests, all made at one moment.
enum TestCertificates {
    static let now = WallTime(milliseconds: 1_700_000_000_000)

    static func make(
        _ name: String = "sip.example", names: [Certificate.AlternativeName] = [.host("sip.example")],
        daysAgo: Int64 = 0
    ) throws -> Certificate {
        let made = WallTime(milliseconds: now.milliseconds - daysAgo * 86_400_000)
        return try Certificate.selfSigned(commonName: name, names: names, now: made)
    }

    /// A file that holds these certificates, to be trusted.
    static func file(_ certificates: Certificate...) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("tandem-\(UUID()).pem").path
        try certificates.map(\.certificatePEM).joined().write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}

/// Two TLS sessions that feed each other, and what each said.
struct TLSPair: ~Copyable {
    var client: TLSSession
    var server: TLSSession
    private(set) var clientEvents: [TLSSession.Event] = []
    private(set) var serverEvents: [TLSSession.Event] = []

    init(client: TLSContext, server: TLSContext, now: WallTime = TestCertificates.now) throws {
        guard let one = TLSSession(client, now: now), let other = TLSSession(server, now: now) else {
            throw TLSFailure.unusable(problem: "no memory")
        }
        self.client = one
        self.server = other
        self.client.start()
    }

    /// Carries everything to and fro until both are silent, in pieces of at most `size` bytes.
    mutating func run(piece size: Int = .max) {
        while true {
            let (up, down) = (client.takeOutput(), server.takeOutput())
            if up.isEmpty, down.isEmpty { break }
            for piece in Self.pieces(up, size) { server.receive(piece) }
            for piece in Self.pieces(down, size) { client.receive(piece) }
            clientEvents += client.takeEvents()
            serverEvents += server.takeEvents()
        }
        clientEvents += client.takeEvents()
        serverEvents += server.takeEvents()
    }

    private static func pieces(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        guard size < bytes.count else { return [bytes] }
        return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }
}

extension TLSSession.Event {
    var failure: TLSFailure? { if case .ended(let failure) = self { failure } else { nil } }
}
