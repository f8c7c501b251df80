import DTLS
import Testing
import Wire

struct DTLSAlertsTests {
    private func connected(_ cipher: String = DTLSContext.ciphers[0]) throws -> DTLSPair {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext(ciphers: [cipher]))
        pair.pump()
        return pair
    }

    /// The datagram with which `side` says close_notify through OpenSSL.
    private func farewell(_ pair: DTLSPair, of side: DTLSPair.Side) -> [UInt8] {
        var last: [UInt8] = []
        pair.filter = { _, _, datagram in
            last = datagram
            return []
        }
        pair.close(side)
        pair.pump()
        return last
    }

    private func ends(_ alerts: DTLSAlerts, _ datagram: [UInt8]) -> Bool {
        alerts.message(in: datagram.span.bytes) == .end
    }

    private static let ecdsa = DTLSContext.ciphers.filter { $0.contains("ECDSA") }

    @Test(arguments: ecdsa)
    func `OpenSSL's close_notify is understood with every cipher`(cipher: String) throws {
        for (side, other) in [(DTLSPair.Side.client, DTLSPair.Side.server), (.server, .client)] {
            let pair = try connected(cipher)
            let alerts = try #require(pair.alerts(of: other))
            let datagram = farewell(pair, of: side)
            #expect(ends(alerts, datagram))
        }
    }

    @Test(arguments: ecdsa)
    func `OpenSSL understands our close_notify with every cipher`(cipher: String) throws {
        let pair = try connected(cipher)
        let alerts = try #require(pair.alerts(of: .server))
        let datagram = try #require(alerts.closeNotify())
        pair.inject(datagram, to: .client)
        #expect(pair.client.isClosed)
    }

    @Test func `an alert of another association or a changed one is ignored`() throws {
        let pair = try connected()
        let stranger = try #require(connected().alerts(of: .server))
        let alerts = try #require(pair.alerts(of: .server))
        let datagram = farewell(pair, of: .client)
        #expect(!ends(stranger, datagram))
        for index in datagram.indices {
            var changed = datagram
            changed[index] ^= 0x10
            #expect(!ends(alerts, changed), "byte \(index)")
            let part = Array(datagram[..<index])
            #expect(!ends(alerts, part))
        }
        let behindAnother = [UInt8](repeating: 23, count: 1) + [0xFE, 0xFD] + [0, 1, 0, 0, 0, 0, 0, 9] + [0, 1, 7]
        let both = behindAnother + datagram
        #expect(ends(alerts, both))
    }

    @Test func `there are no alerts before the handshake is over`() throws {
        let pair = try DTLSPair(clientContext: makeContext(), serverContext: makeContext())
        #expect(pair.alerts(of: .client) == nil)
    }
}
