import SocketIO
import Testing
import Wire

struct SocketPacketTests {
    private func parse(_ text: String) throws(SocketProtocolError) -> SocketPacket {
        try SocketPacket(parsing: Array(text.utf8))
    }

    @Test func `each kind of packet is read`() throws {
        #expect(try parse("0") == SocketPacket(.connect))
        #expect(try parse("0{\"token\":\"123\"}") == SocketPacket(.connect, payload: ["token": "123"]))
        #expect(try parse("0/admin,{}") == SocketPacket(.connect, namespace: "/admin", payload: [:]))
        #expect(try parse("0/admin") == SocketPacket(.connect, namespace: "/admin"))
        #expect(try parse("1/admin,") == SocketPacket(.disconnect, namespace: "/admin"))
        #expect(try parse("2[\"foo\",1]") == SocketPacket(.event, payload: ["foo", 1]))
        #expect(try parse("212[\"foo\"]") == SocketPacket(.event, acknowledgement: 12, payload: ["foo"]))
        #expect(
            try parse("2/a,12[\"foo\"]") == SocketPacket(.event, namespace: "/a", acknowledgement: 12, payload: ["foo"])
        )
        #expect(try parse("312[]") == SocketPacket(.acknowledgement, acknowledgement: 12, payload: []))
        #expect(try parse("4{\"message\":\"no\"}") == SocketPacket(.connectError, payload: ["message": "no"]))
        #expect(
            try parse("52-13[\"baz\"]")
                == SocketPacket(.binaryEvent, attachments: 2, acknowledgement: 13, payload: ["baz"]))
        #expect(
            try parse("61-/a,7[]")
                == SocketPacket(
                    .binaryAcknowledgement, attachments: 1, namespace: "/a", acknowledgement: 7, payload: []))
    }

    @Test(arguments: [
        "", "7", "a", "2", "2{}", "2[]", "2[1]", "2[{}]", "2\"x\"", "2abc[\"message\",1]", "2[\"a\"", "2[\"a\"]x",
        "2999999999999999999999[\"a\"]", "3[]", "312{}", "312", "1{}", "0[]", "0\"x\"", "0{", "5[\"a\"]", "5-[\"a\"]",
        "599-[\"a\"]", "51[\"a\"]", "5-1-[\"a\"]",
    ]) func `a broken packet is refused`(text: String) {
        #expect(throws: SocketProtocolError.self) { try parse(text) }
    }

    @Test func `deep nesting is refused, not followed`() {
        let text = "2[\"a\"," + String(repeating: "[", count: 100_000)
        #expect(throws: SocketProtocolError.self) { try parse(text) }
    }

    @Test func `no truncation traps`() {
        let text = Array("52-/ns,13[\"baz\",{\"_placeholder\":true,\"num\":0}]".utf8)
        for length in 0..<text.count { _ = try? SocketPacket(parsing: Array(text.prefix(length))) }
    }

    @Test func `an event is encoded once for everybody`() {
        #expect(EncodedSocketPacket.event(Array("[\"a\"]".utf8)).frame == .text(Array("42[\"a\"]".utf8)))
        #expect(
            EncodedSocketPacket.acknowledgement(12, Array("[1]".utf8)).frame == .text(Array("4312[1]".utf8)))
    }
}
