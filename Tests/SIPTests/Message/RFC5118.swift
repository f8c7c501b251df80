import Testing
import Wire

@testable import SIP

/// The messages of RFC 5118 and their outcomes.
///
/// The Content-Length of those with a body is corrected: the RFC's own
/// do not fit its bodies.
enum RFC5118 {
    static let cases: [TortureCase] = [
        TortureCase(
            "4.1", "ipv6-good",
            .accepted {
                #expect($0.request?.uri.address == IPAddress("2001:db8::10"))
                #expect($0.headers.topVia?.host == "[2001:db8::9:1]")
                #expect($0.headers.contacts.first?.uri.address == IPAddress("2001:db8::1"))
            }),
        TortureCase("4.2", "ipv6-bad", .malformed(400)),
        TortureCase(
            "4.3", "port-ambiguous",
            .accepted {
                #expect($0.request?.uri.address == IPAddress("2001:db8::10:5070"))
                #expect($0.request?.uri.port == nil)
            }),
        TortureCase(
            "4.4", "port-unambiguous",
            .accepted {
                #expect($0.request?.uri.address == IPAddress("2001:db8::10"))
                #expect($0.request?.uri.port == 5070)
            }),
        TortureCase("4.5", "via-received-param-with-delim", .accepted(receivedIsAnAddress)),
        TortureCase("4.5", "via-received-param-no-delim", .accepted(receivedIsAnAddress)),
        TortureCase("4.6", "ipv6-in-sdp", .accepted { #expect($0.body.count == 251) }),
        TortureCase(
            "4.7", "mult-ip-in-header",
            .accepted {
                #expect($0.headers.vias.map(\.host) == ["[2001:db8::9:1]", "192.0.2.1", "[2001:db8::9:255]"])
                #expect($0.headers.vias.map(\.port) == [6050, nil, nil])
                #expect($0.headers.vias.last?.received == "192.0.2.200")
            }),
        TortureCase("4.8", "mult-ip-in-sdp", .accepted { #expect($0.body.count == 189) }),
        TortureCase(
            "4.9", "ipv4-mapped-ipv6",
            .accepted {
                #expect($0.headers.topVia?.port == 19823)
                let address = try #require(IPAddress($0.headers.topVia?.host ?? ""))
                #expect(address == IPAddress("192.0.2.10"))
            }),
        TortureCase("4.10", "ipv6-bug-abnf-3-colons", .accepted(embeddedIPv4)),
        TortureCase("4.10", "ipv6-correct-abnf-2-colons", .accepted(embeddedIPv4)),
    ]

    private static let receivedIsAnAddress: @Sendable (SIPMessage) throws -> Void = {
        #expect(IPAddress($0.headers.topVia?.received ?? "") == IPAddress("2001:db8::9:255"))
    }

    private static let embeddedIPv4: @Sendable (SIPMessage) throws -> Void = {
        #expect($0.request?.uri.address == IPAddress("2001:db8::192.0.2.1"))
        #expect($0.headers.to?.uri.address == IPAddress("2001:db8::192.0.2.1"))
    }
}
