import Calls
import Directory
import Testing
import Wire

@testable import Signalling

struct PlainSocketTests {
    @Test func `a socket without a token is told so at each command, and stays open`() throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/ws")
        scene.settle()
        #expect(socket.take().isEmpty)
        socket.send(#"{"type":"get-active-calls"}"#)
        scene.settle()
        let errors = socket.takeJSON().events("error")
        #expect(errors.count == 1)
        #expect(errors.first?["code"] == "UNAUTHORIZED")
        #expect(errors.first?["message"] == "Не авторизован")
        #expect(!socket.isClosed)
    }

    @Test func `a token in the query, the header or the cookie signs in at once`() throws {
        let scene = try Scene()
        let token = Scene.token(1)
        for (target, fields) in [
            ("/ws?token=\(token)", ""), ("/ws/signaling/", "Authorization: Bearer \(token)\r\n"),
            ("/ws", "Cookie: a=b; access_token=\(token)\r\n"),
        ] {
            let socket = TestSocket(scene, target, fields: fields)
            scene.settle()
            let events = socket.takeJSON()
            #expect(events.names == ["authenticated", "active-calls", "calls:active"])
            #expect(events.first?["userId"] == 1)
            #expect(events.first?["role"] == "operator")
            #expect(events.first?["rooms"] == ["user:1", "operator:1", "operators"])
        }
    }

    @Test func `the first frame can sign in, and the reply is in the client's style`() throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/ws")
        socket.send(["event": "authenticate", "data": ["userId": 3, "token": .string(Scene.token(3))], "id": 7])
        scene.settle()
        let events = socket.takeJSON()
        #expect(events.first?["event"] == "authenticated")
        #expect(events.first?["data"]?["rooms"] == ["user:3", "operator:3", "operators", "directors"])
        let reply = events.first { $0["type"] == "ack" }
        #expect(reply?["id"] == 7)
        #expect(reply?["success"] == true)
    }

    @Test func `a wrong, foreign or expired token is refused twice over`() throws {
        let scene = try Scene()
        let expired = Scene.token(1, expires: WallTime(milliseconds: 1000))
        let cases: [(JSONValue, JSONValue)] = [
            (["type": "authenticate", "token": "x.y.z"], "UNAUTHORIZED"),
            (["type": "authenticate", "userId": 1], "UNAUTHORIZED"),
            (["type": "authenticate", "token": .string(expired)], "TOKEN_EXPIRED"),
            (["type": "authenticate", "userId": 2, "token": .string(Scene.token(1))], "FORBIDDEN"),
            (["type": "authenticate", "token": .string(Scene.token(4))], "UNAUTHORIZED"),
        ]
        let socket = TestSocket(scene, "/ws")
        for (frame, code) in cases {
            socket.send(frame)
            scene.settle()
            let events = socket.takeJSON()
            #expect(events.names == ["auth_error", "error"])
            #expect(events.allSatisfy { $0["code"] == code })
        }
        for _ in 0..<Session.maximumFailedLogins { socket.send(cases[0].0) }
        scene.settle()
        _ = socket.take()
        #expect(socket.closeCode == 1008)
    }

    @Test func `an admin may speak for another user`() throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/ws")
        socket.send(["type": "authenticate", "userId": "2", "token": .string(Scene.token(3))])
        scene.settle()
        #expect(socket.takeJSON().first?["userId"] == 2)
    }

    @Test func `where nobody needs a token a user's number is enough`() throws {
        let scene = try Scene(isOpen: true)
        let socket = TestSocket(scene, "/ws")
        scene.settle()
        #expect(socket.takeJSON().names == ["active-calls", "calls:active"])
        socket.send(["type": "authenticate", "userId": 2])
        socket.send(["type": "authenticate", "userId": 99])
        scene.settle()
        let events = socket.takeJSON()
        #expect(events.events("authenticated").first?["userId"] == 2)
        #expect(events.events("auth_error").first?["code"] == "USER_NOT_FOUND")
    }

    @Test func `ping is answered in either style`() throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/ws")
        socket.send(#"{"type":"ping"}"#)
        socket.send(#"{"event":"ping"}"#)
        scene.settle()
        #expect(socket.take() == [#"{"type":"pong"}"#, #"{"event":"pong"}"#])
    }

    @Test func `ten frames in a row that are no JSON close with 1008`() throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/ws")
        for _ in 0..<9 { socket.send("nonsense") }
        socket.send(#"{"type":"ping"}"#)
        for _ in 0..<9 { socket.send("{") }
        scene.settle()
        #expect(socket.takeJSON().events("error").count == 18)
        #expect(socket.closeCode == nil)
        socket.sendBinary([1, 2, 3])
        scene.settle()
        #expect(socket.takeJSON().first?["code"] == "INVALID_JSON")
        #expect(socket.closeCode == 1008)
    }

    @Test func `deep nesting is refused like any other bad JSON`() throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/ws")
        socket.send(String(repeating: "[", count: 100_000))
        scene.settle()
        #expect(socket.takeJSON().first?["code"] == "INVALID_JSON")
    }

    @Test func `an unknown event, or none, is an error with its name`() throws {
        let scene = try Scene(isOpen: true)
        let socket = scene.openSocket()
        socket.send(#"{"type":"dance","id":"a"}"#)
        socket.send(#"{"type":"dance"}"#)
        socket.send("{}")
        scene.settle()
        let events = socket.takeJSON()
        #expect(events[0]["success"] == false)
        #expect(events[0]["error"]?["code"] == "VALIDATION_ERROR")
        #expect(events[1]["event"] == "dance")
        #expect(events[2]["code"] == "VALIDATION_ERROR")
    }

    @Test(arguments: [#"{"type":"ping","id":1}"#, #"{"type":"authenticate","userId":1,"id":1}"#])
    func `pings and sign-ins are commands like others`(frame: String) throws {
        let scene = try Scene(isOpen: true)
        let socket = scene.openSocket()
        for _ in 0..<Int(Session.commandBurst) + 50 { socket.send(frame) }
        scene.settle()
        let refused = socket.takeJSON().filter { $0["error"]?["code"] == "RATE_LIMITED" }
        #expect((40...50).contains(refused.count))
    }

    @Test func `a client that asks without end is told to slow down`() throws {
        let scene = try Scene(isOpen: true)
        let socket = scene.openSocket()
        for _ in 0..<Int(Session.commandBurst) + 50 { socket.send(#"{"type":"leave-call","id":1}"#) }
        scene.settle()
        let replies = socket.takeJSON()
        #expect(replies.count { $0["success"] == true } == Int(Session.commandBurst))
        #expect(replies.last?["error"]?["code"] == "RATE_LIMITED")
        scene.settle(.seconds(1))
        socket.send(#"{"type":"leave-call","id":1}"#)
        scene.settle()
        #expect(socket.takeJSON().first?["success"] == true)
    }

    @Test func `a foreign page is refused, or needs a token of its own`() throws {
        let closed = try Scene()
        let foreign = "Origin: https://evil.example\r\n"
        let refused = TestSocket(closed, "/ws?token=\(Scene.token(1))", fields: foreign)
        let ours = TestSocket(closed, "/ws", fields: "Origin: https://tandem.test:8443\r\n")
        closed.settle()
        _ = (refused.take(), ours.take())
        #expect(refused.status == 403)
        #expect(ours.status == 101)
        let anybody = try Scene(origins: "*")
        let cookie = TestSocket(anybody, "/ws", fields: foreign + "Cookie: access_token=\(Scene.token(1))\r\n")
        let token = TestSocket(anybody, "/ws?token=\(Scene.token(1))", fields: foreign)
        anybody.settle()
        _ = (cookie.take(), token.take())
        #expect(cookie.status == 401)
        #expect(token.status == 101)
    }

    @Test func `a user is online while a socket of theirs is open`() throws {
        let scene = try Scene()
        let (first, second) = (scene.socket(user: 1), scene.socket(user: 1))
        #expect(scene.users.presence(of: 1) == [.online])
        first.close()
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online])
        second.close()
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online, .offline])
    }
}

struct RoomTests {
    @Test func `rooms are entered and left by name`() throws {
        let scene = try Scene()
        let socket = scene.socket(user: 1)
        socket.send(["type": "join-room", "room": "floor-2", "id": 1])
        socket.send(["type": "leave-room", "room": "floor-2", "id": 2])
        socket.send(["event": "join-operator", "data": 1, "id": 3])
        scene.settle()
        let replies = socket.takeJSON()
        #expect(replies.map { $0["success"] } == [true, true, true])
        #expect(replies.first?["room"] == "floor-2")
    }

    @Test(arguments: ["user:2", "operator-2", "directors", "UPPER", "", "a b", String(repeating: "a", count: 101)])
    func `other people's rooms and impossible names are closed`(room: String) throws {
        let scene = try Scene()
        let socket = scene.socket(user: 1)
        socket.send(["type": "join-room", "room": .string(room), "id": 1])
        scene.settle()
        #expect(socket.takeJSON().first?["success"] == false)
    }

    @Test func `nobody can be in more rooms than a session may`() throws {
        let scene = try Scene()
        let socket = scene.socket(user: 1)
        for number in 0..<70 { socket.send(["type": "join-room", "room": .string("r\(number)"), "id": 1]) }
        scene.settle()
        #expect(socket.takeJSON().count { $0["success"] == true } == RoomName.maximumPerSession - 3)
    }
}
