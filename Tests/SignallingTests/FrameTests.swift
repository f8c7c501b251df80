import SocketIO
import Testing
import Web
import Wire

@testable import Signalling

struct FrameTests {
    @Test func `an event is written in each style`() {
        let event = SignallingEvent("call:new", ["id": 1, "type": "x"])
        var encoder = EventEncoder(event)
        #expect(encoder.encoded(.flat) == text(#"{"type":"call:new","id":1}"#))
        #expect(encoder.encoded(.wrapped) == text(#"{"event":"call:new","data":{"id":1,"type":"x"}}"#))
        #expect(encoder.encoded(.socketIO) == packet(#"["call:new",{"id":1,"type":"x"}]"#))
    }

    private func text(_ text: String) -> EncodedEvent { .text(Array(text.utf8)) }
    private func packet(_ text: String) -> EncodedEvent { .packet(.event(Array(text.utf8))) }

    @Test func `an event has its name where clients of each style find it`() {
        let id = EventID(run: "r1", number: 7)
        var encoder = EventEncoder(SignallingEvent("call:new", ["id": 1]), id: id)
        #expect(encoder.encoded(.flat) == text(#"{"type":"call:new","id":1,"eventId":"r1-7"}"#))
        #expect(encoder.encoded(.wrapped) == text(#"{"event":"call:new","data":{"id":1},"eventId":"r1-7"}"#))
        #expect(encoder.encoded(.socketIO) == packet(#"["call:new",{"id":1,"eventId":"r1-7"}]"#))
        var list = EventEncoder(SignallingEvent("active-calls", [1]), id: id)
        #expect(list.encoded(.flat) == text(#"{"type":"active-calls","data":[1],"eventId":"r1-7"}"#))
        #expect(list.encoded(.socketIO) == packet(#"["active-calls",[1]]"#))
        #expect(list.encoded(.numberedSocketIO) == packet(#"["active-calls",[1],{"eventId":"r1-7"}]"#))
    }

    @Test(
        arguments: [
            ("r1-7", 7), ("r1-0", 0), ("", nil), ("r1", nil), ("-7", nil), ("r1-", nil), ("r1--7", nil), ("r1-7x", nil),
            ("r1-1234567890123456789", nil), (String(repeating: "r", count: 63) + "-7", nil),
        ] as [(String, UInt64?)]) func `a name that was given back is read again`(text: String, number: UInt64?)
    {
        #expect(EventID(text)?.number == number)
    }

    @Test func `an event without a payload, or with a list, has its place for it`() {
        var bare = EventEncoder(SignallingEvent("pong"))
        #expect(bare.encoded(.flat) == text(#"{"type":"pong"}"#))
        #expect(bare.encoded(.socketIO) == packet(#"["pong"]"#))
        var list = EventEncoder(SignallingEvent("active-calls", [1, 2]))
        #expect(list.encoded(.flat) == text(#"{"type":"active-calls","data":[1,2]}"#))
    }

    @Test func `either style of frame is read, with the reply it asks for`() throws {
        let flat = try PlainFrame(parsing: #"{"type":"join-call","callId":"x","id":7}"#)
        #expect(flat.style == .flat)
        #expect(flat.message.name == "join-call")
        #expect(flat.message.text("callId") == "x")
        #expect(flat.message.reply == .frame(7))
        let wrapped = try PlainFrame(parsing: #"{"event":"join-call","data":{"callId":12},"id":"a"}"#)
        #expect(wrapped.style == .wrapped)
        #expect(wrapped.message.text("callId") == "12")
        #expect(wrapped.message.reply == .frame("a"))
        let bare = try PlainFrame(parsing: #"{"event":"join-call","data":"x","id":null}"#)
        #expect(bare.message.payload == "x")
        #expect(bare.message.reply == .none)
    }

    @Test(arguments: ["", "[]", "1", "null", "{", #"{"type":"x""#, "\"x\""])
    func `what is no JSON object is refused as that`(text: String) {
        #expect(throws: Failure.self) { try PlainFrame(parsing: text) }
    }

    @Test(
        arguments: [
            ("floor-2", "floor-2"), ("operator-7", "operator:7"), ("operators", "operators"), ("", nil), ("A", nil),
            ("комната", nil), ("a/b", nil),
        ] as [(String, String?)]) func `a room has one name`(text: String, room: String?)
    {
        #expect(RoomName.named(text) == room)
    }

    @Test func `a user's number is read from a number or its digits`() {
        #expect(ClientMessage("x", ["userId": 5]).userID("userId") == 5)
        #expect(ClientMessage("x", ["userId": "5"]).userID("userId") == 5)
        #expect(ClientMessage("x", ["userId": "5x"]).userID("userId") == nil)
        #expect(ClientMessage("x").userID("userId") == nil)
    }
}
