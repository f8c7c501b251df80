import Testing
import Wire

@testable import tandem

/// What operators ask, against scripted answers of a gateway.
struct OperatorCommandTests {
    /// Runs a line; every request gets the answer whose path it asks for.
    private func run(_ line: String, _ answers: [String: String]) throws -> String {
        let gateway = RunningGateway(port: 3000, token: "t0ken") { request, _ in
            let path = request.split(separator: " ")[1]
            guard request.contains("Authorization: Bearer t0ken\r\n") else { return nil }
            return answers[String(path)]
        }
        let words = line.split(separator: " ").map(String.init)
        return try OperatorCommand.run(OperatorCommand.arguments(words), gateway)
    }

    private func ok(_ data: JSONValue) -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\((["success": true, "data": data] as JSONValue).text)"
    }

    private func refusal(_ line: String, _ answers: [String: String] = [:]) -> CommandError? {
        do {
            _ = try run(line, answers)
            return nil
        } catch {
            return error as? CommandError
        }
    }

    private static let call: JSONValue = [
        "numericId": 7, "state": "answered", "direction": "incoming", "from": "+74951234567", "to": "1001",
        "startedAt": "2026-11-28T12:00:01.500Z", "endedAt": .null, "duration": 3725, "endReason": .null,
    ]

    @Test func `calls are a table, or JSON for programs`() throws {
        let answers = ["/api/v1/admin/calls?limit=20": ok(["live": [Self.call], "liveCount": 1, "ended": []])]
        #expect(
            try run("calls", answers) == """
                ID  STATE     DIRECTION  FROM          TO    STARTED (UTC)        TALKED   ENDED BY
                7   answered  incoming   +74951234567  1001  2026-11-28 12:00:01  1:02:05  -
                1 live
                """)
        let whole: JSONValue = ["live": [Self.call], "liveCount": 1, "ended": []]
        #expect(try JSONValue(parsing: Array(run("calls --json", answers).utf8)) == whole)
    }

    @Test func `what a peer has sent does not command the terminal`() throws {
        let devices: JSONValue = [["extension": "1001", "name": "\u{1B}[2Janna\n", "contact": "sip:a@b"]]
        let text = try run("registrations", ["/api/v1/admin/registrations": ok(devices)])
        #expect(text.contains("?[2Janna?") && !text.contains("\u{1B}"))
    }

    @Test func `a call is told with its diagnosis, or with its ladder`() throws {
        let answers = [
            "/api/v1/calls/7?view=gateway": ok(Self.call),
            // No view of document 004 knows calls that are internal.
            "/api/v1/calls/7/diagnosis": ok(["direction": "internal"]),
            "/api/v1/calls/7/diagnosis?format=text": "HTTP/1.1 200 OK\r\n\r\nOK: nothing is wrong.\n",
            "/api/v1/calls/7/sip?format=text": "HTTP/1.1 200 OK\r\n\r\nINVITE ->\n",
        ]
        let heading = "7: internal, from +74951234567 to 1001, started 2026-11-28 12:00:01\n\n"
        #expect(try run("call 7", answers) == heading + "OK: nothing is wrong.")
        #expect(try run("call 7 --sip", answers) == heading + "INVITE ->")
    }

    @Test func `a call is hung up, once`() throws {
        var answers = ["/api/v1/calls/7?view=gateway": ok(Self.call), "/api/v1/calls/7/end": ok(Self.call)]
        #expect(try run("hangup 7", answers) == "call 7 is ended")
        answers["/api/v1/calls/7?view=gateway"] = ok(["endedAt": "2026-11-28T12:00:01.500Z"])
        #expect(refusal("hangup 7", answers) == .refused("the call has ended already"))
    }

    @Test(arguments: [
        ("calls 7", "\"7\" is too much"), ("call", "ID is missing"), ("hangup x", "\"x\" is no call's number or UUID"),
        ("trunks --sip", "--sip is for tandem call"), ("status --limit 3", "--limit is for tandem calls"),
        ("calls --limit 0", "--limit takes a number from 1"),
        ("call 7\r\nHost:", "\"7\r\nHost:\" is no call's number or UUID"),
    ]) func `a line that makes no sense is not sent`(line: String, why: String) {
        #expect(refusal(line) == .usage(why))
    }

    @Test(arguments: [
        (401, "UNAUTHORIZED", "does not accept the token"), (403, "FORBIDDEN", "no administrator's"),
        (404, "CALL_NOT_FOUND", "there is no such call"), (503, "DEPENDENCY_UNAVAILABLE", "cannot do that now"),
        (500, "INTERNAL_ERROR", "refuses: INTERNAL_ERROR"),
    ]) func `refusals are said in words`(status: Int, code: String, words: String) {
        let body: JSONValue = ["success": false, "error": ["code": .string(code), "message": "m"]]
        let answer = "HTTP/1.1 \(status) Reason\r\nServer: tandem\r\n\r\n\(body.text)"
        guard case .refused(let said)? = refusal("call 7", ["/api/v1/calls/7?view=gateway": answer]) else {
            Issue.record("nothing was refused")
            return
        }
        #expect(said.contains(words))
    }

    @Test func `a gateway that is not there, or is something else, is said to be`() {
        #expect(
            refusal("status")
                == .refused("the gateway on port 3000 does not answer; start it, or set PORT to where it is"))
        let page = "HTTP/1.1 200 OK\r\n\r\n<html>"
        #expect(
            refusal("status", ["/api/v1/admin/status": page])
                == .refused("what answers on port 3000 is no gateway, or another version of it"))
    }

    @Test(arguments: [(0, "0:00"), (67, "1:07"), (3600, "1:00:00"), (90_061, "25:01:01")] as [(Int64, String)])
    func `lengths are read as on a clock`(seconds: Int64, text: String) {
        #expect(OperatorTables.length(.integer(seconds)) == text)
    }
}
