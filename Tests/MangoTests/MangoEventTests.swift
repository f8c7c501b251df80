import CallModel
import Testing
import Wire

@testable import Mango

func object(_ text: String) throws -> JSONObject { try #require(try JSONValue(parsing: text).objectValue) }

/// Noon of 14 November 2023 in UTC, and some seconds more.
func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: (1_700_000_000 + seconds) * 1000) }

struct MangoEventTests {
    private let received = at(0)

    private func event(_ text: String, at path: MangoPath = .base) throws -> MangoEvent {
        try MangoEvent(object(text), at: path, received: received)
    }

    @Test func `signatures are those of the vendor`() {
        let keys = MangoKeys(key: "testkey", salt: "testsalt")
        #expect(keys.sign("{}") == "f0c542ce31ff8bf6e48f9cd67b7299bf1b3e94f7fc2dfcff7482e084a7630b48")
        #expect(
            keys.sign(#"{"entry_id":"E1","city":"Саратов"}"#)
                == "c18f4586b9c35287089dc0e7959fead01a7a6b27ad24b7fcb12fe50ed666ae83")
        #expect(
            keys.sign(recordingLink: "MToxMDAwNjA4NTo1MDA5NDExMDIyOjE=", timestamp: 1_700_003_600)
                == "a55fbf0e74fdd21be47dbc7ed8225ca814031cb1396ab7cc1e928609a233df5e")
        #expect(keys.accepts("F0C542CE31FF8BF6E48F9CD67B7299BF1B3E94F7FC2DFCFF7482E084A7630B48", of: "{}"))
        #expect(!keys.accepts("", of: "{}") && !keys.accepts("f0c5", of: "{}"))
    }

    @Test(arguments: ["2", #""2""#]) func `numbers are taken as numbers and as text`(number: String) throws {
        let parsed = try event(
            """
            {"entry_id":"E","call_id":"C","timestamp":"1700000005","seq":\(number),"call_state":"Disconnected",
             "location":"abonent","from":{"number":79161234567},"to":{"extension":101,"number":"sip:anna@x",
             "line_number":"74951234567"},"disconnect_reason":"1121"}
            """)
        guard case .call(let call) = parsed else {
            Issue.record("no call")
            return
        }
        #expect(call.sequence == 2 && call.timestamp == at(5) && call.reason?.text == "1121")
        #expect(call.from.number == "79161234567" && call.to.extension == "101")
        #expect(call.lineNumber == "74951234567" && call.state == .disconnected)
        #expect(parsed.dedupeKey == "c:C:2")
    }

    @Test(
        arguments: [
            (#"{"call_state":"Connected","call_id":"C","status":"start"}"#, "call", "vpbx"),
            (#"{"recording_id":"R","recording_state":"Completed"}"#, "recording", "vpbx"),
            (#"{"recording_id":"R"}"#, "record_added", "vpbx"),
            (#"{"entry_id":"E","entry_result":1}"#, "summary", "vpbx"),
            (#"{"entry_id":"E","talk_time":0}"#, "summary", "vpbx"),
            (#"{"call_id":"C","status":"answer","from":"+7","to":"+8"}"#, "call", "json"),
            (#"{"hello":"world"}"#, "other", "vpbx"),
        ])
    func `the body says what it is`(text: String, kind: String, dialect: String) throws {
        let parsed = try event(text)
        #expect(parsed.kind == kind && parsed.dialect.rawValue == dialect)
    }

    @Test(
        arguments: [
            ("events/record/added", "record_added"), ("events/record/tagged", "record_tagged"), ("events/dtmf", "dtmf"),
            ("events/sms", "sms"), ("result/call/hangup", "result"), ("ping", "ping"),
            ("events/unheard", "record_added"),
        ])
    func `the path says what the body does not`(path: String, kind: String) throws {
        let parsed = try event(
            #"{"recording_id":"R","entry_id":"E","call_id":"C","seq":1}"#,
            at: MangoPath(path.split(separator: "/").map(String.init)))
        #expect(parsed.kind == kind)
    }

    @Test func `what is missing is named`() throws {
        let call = try object(#"{"call_state":"Appeared"}"#)
        #expect(throws: MangoParseError.callIDMissing) { try MangoEvent(call, received: received) }
        let summary = try object(#"{"entry_result":1}"#)
        #expect(throws: MangoParseError.entryIDMissing) { try MangoEvent(summary, received: received) }
        let recording = try object(#"{"recording_state":"Completed"}"#)
        #expect(throws: MangoParseError.recordingIDMissing) { try MangoEvent(recording, received: received) }
        let flat = try object(#"{"status":"start","from":"1","to":"2"}"#)
        #expect(throws: MangoParseError.fieldsMissing(["call_id"])) { try MangoEvent(flat, received: received) }
        let bare = try object(#"{"from":"1","to":"2"}"#)
        #expect(throws: MangoParseError.fieldsMissing(["call_id", "status"])) {
            try MangoEvent(bare, received: received)
        }
    }

    @Test(arguments: ["-1", "0", "99999999999999999999", "1e400", "\"x\"", "null", "[]"])
    func `impossible times and counts are none`(number: String) throws {
        guard
            let object = try? object(
                #"{"call_state":"Appeared","call_id":"C","timestamp":\#(number),"seq":\#(number)}"#)
        else { return }
        guard case .call(let call) = try MangoEvent(object, received: received) else {
            Issue.record("no call")
            return
        }
        #expect(call.timestamp == received && (call.sequence ?? 0) == 0)
    }

    @Test(arguments: ["2147483648", "-1", "9223372036854775807"])
    func `a completion code that cannot be stored is none`(number: String) throws {
        guard
            case .recording(let recording) = try event(
                #"{"recording_id":"R","recording_state":"Completed","completion_code":\#(number)}"#)
        else {
            Issue.record("no recording")
            return
        }
        #expect(recording.completionCode == nil)
    }

    @Test func `text with a zero character is none`() throws {
        let call = try object(#"{"call_state":"Appeared","call_id":"C\u0000"}"#)
        #expect(throws: MangoParseError.callIDMissing) { try MangoEvent(call, received: received) }
        let payload = MangoPayload(try object(#"{"url":"https://x.example/\u0000","number":"+7916"}"#))
        #expect(payload.address("url") == nil && payload.text("number") == "+7916")
    }

    @Test func `milliseconds are seen by their size`() throws {
        let parsed = try event(#"{"entry_id":"E","talk_time":1700000005000,"end_time":1700000009}"#)
        guard case .summary(let summary) = parsed else {
            Issue.record("no summary")
            return
        }
        #expect(summary.talkedAt == at(5) && summary.endedAt == at(9))
    }

    @Test(
        arguments: [
            ("1110", true, CallState.missed), ("1110", false, .noAnswer), ("1111", true, .noAnswer),
            ("1121", true, .busy), ("1122", false, .rejected), ("1101", true, .busy), ("1102", true, .noAnswer),
            ("1131", true, .missed), ("1131", false, .failed), ("2219", true, .failed), ("1090", true, .missed),
            ("4001", true, .failed), ("5001", true, .failed), ("busy", true, .busy), ("no_answer", false, .noAnswer),
            ("timeout", true, .noAnswer), ("normal", true, .missed), ("nonsense", false, .missed), ("9", true, .missed),
        ])
    func `reasons say how a call ended that nobody answered`(code: String, isIncoming: Bool, state: CallState) {
        #expect(DisconnectReason.ending(DisconnectReason(code), isIncoming: isIncoming).state == state)
    }
}
