import CallModel
import Directory
import Reactor
import Testing
import Wire

@testable import Signalling

struct SocketIOServerTests {
    private let polling = "/socket.io/?EIO=4&transport=polling"

    private func get(_ scene: Scene, _ target: String) -> TestRequest {
        let request = TestRequest(scene, "GET", target)
        scene.settle()
        return request
    }

    private func post(_ scene: Scene, _ target: String, _ body: String) -> TestRequest {
        let request = TestRequest(scene, "POST", target, body: body)
        scene.settle()
        return request
    }

    /// A polling session's target, connected with `auth`.
    private func session(_ scene: Scene, auth: String = "") throws -> String {
        let open = get(scene, polling)
        let body = try #require(open.body)
        let sid = try #require(try JSONValue(parsing: body.utf8.dropFirst())["sid"]?.stringValue)
        let target = "\(polling)&sid=\(sid)"
        #expect(post(scene, target, "40\(auth)").body == "ok")
        return target
    }

    /// A WebSocket-first client, connected with `auth`, its first words read.
    private func socket(_ scene: Scene, auth: String = "") -> TestSocket {
        let socket = TestSocket(scene, "/socket.io/?EIO=4&transport=websocket")
        scene.settle()
        socket.send("40\(auth)")
        scene.settle()
        return socket
    }

    private func auth(_ id: Int64) -> String { #"{"token":"\#(Scene.token(id))"}"# }

    @Test func `polling opens, connects, signs in and hears events`() throws {
        let scene = try Scene()
        let target = try session(scene, auth: auth(1))
        let heard = try #require(get(scene, target).body).split(separator: "\u{1E}").map(String.init)
        #expect(heard[0].hasPrefix("40{\"sid\":\""))
        #expect(heard[1].hasPrefix("42[\"authenticated\",{\"userId\":1,"))
        #expect(heard[2].hasPrefix("42[\"active-calls\","))
        #expect(heard[3].hasPrefix("42[\"calls:active\","))
        let waiting = get(scene, target)
        #expect(waiting.status == nil)
        _ = try scene.call(from: 1, to: "echo")
        #expect(waiting.body?.contains("42[\"call:new\",") == true)
    }

    @Test func `one address has only so many sessions before it says who it is`() throws {
        let scene = try Scene()
        let limit = SocketIOServer.maximumStrangersPerAddress
        let strangers = (0..<limit).map { number in
            let socket = TestSocket(scene, "/socket.io/?EIO=4&transport=websocket")
            if number % 2 == 0 { socket.send("40") }
            return socket
        }
        scene.settle()
        #expect(get(scene, polling).status == 429)
        let refused = TestSocket(scene, "/socket.io/?EIO=4&transport=websocket")
        scene.settle()
        _ = refused.take()
        #expect(refused.status == 429)
        strangers[0].send(#"42["authenticate",{"token":"\#(Scene.token(1))"}]"#)
        strangers[2].close()
        scene.settle()
        #expect(get(scene, polling).status == 200)
        #expect(get(scene, polling).status == 200)
        #expect(get(scene, polling).status == 429)
        scene.settle(.seconds(46))
        #expect(get(scene, polling).status == 200)
    }

    @Test func `those who need not say who they are are no strangers once connected`() throws {
        let scene = try Scene(isOpen: true)
        for _ in 0...SocketIOServer.maximumStrangersPerAddress { _ = socket(scene) }
        #expect(get(scene, polling).status == 200)
    }

    @Test func `an acknowledgement comes back under its id`() throws {
        let scene = try Scene()
        let socket = socket(scene, auth: auth(1))
        _ = socket.take()
        socket.send(#"427["get-active-calls"]"#)
        socket.send(#"428["end-call",{"callId":77}]"#)
        scene.settle()
        let heard = socket.take()
        #expect(heard.contains(#"437[{"success":true,"data":[]}]"#))
        #expect(heard.contains { $0.hasPrefix(#"438[{"success":false,"error":{"code":"CALL_NOT_FOUND""#) })
    }

    @Test func `a session moves from polling to WebSocket without losing a word`() throws {
        let scene = try Scene(isOpen: true)
        let target = try session(scene)
        _ = get(scene, target)
        let waiting = get(scene, target)
        let socket = TestSocket(scene, target.replacing("transport=polling", with: "transport=websocket"))
        socket.send("2probe")
        scene.settle()
        #expect(socket.take() == ["3probe"])
        #expect(waiting.body == "6")
        socket.send("5")
        scene.settle()
        socket.send(#"42["ping"]"#)
        scene.settle()
        #expect(socket.take() == [#"42["pong"]"#])
        #expect(get(scene, target).status == 400)
    }

    @Test(arguments: [
        ("GET", "/socket.io/?EIO=4&transport=abc", 0), ("GET", "/socket.io/?EIO=4&transport=polling&sid=x", 1),
        ("POST", "/socket.io/?EIO=4&transport=polling", 2), ("PUT", "/socket.io?EIO=4&transport=polling", 2),
        ("GET", "/socket.io/?EIO=4&transport=websocket", 3), ("GET", "/socket.io/?EIO=3&transport=polling", 5),
        ("GET", "/socket.io/?transport=polling", 5),
    ]) func `a wrong request is refused with its number`(method: String, target: String, code: Int) throws {
        let scene = try Scene()
        let request = TestRequest(scene, method, target)
        scene.settle()
        #expect(request.status == 400)
        let body = try JSONValue(parsing: try #require(request.body))
        #expect(body["code"] == .integer(Int64(code)))
    }

    @Test(arguments: ["EIO=3&transport=websocket", "EIO=4&transport=websocket&sid=nobody", "EIO=4&transport=polling"])
    func `a WebSocket that asks for the wrong thing is refused before the upgrade`(query: String) throws {
        let scene = try Scene()
        let socket = TestSocket(scene, "/socket.io/?\(query)")
        scene.settle()
        _ = socket.take()
        #expect(socket.status == 400)
    }

    @Test func `a wrong token is told after the connection, another namespace is none`() throws {
        let scene = try Scene()
        let socket = socket(scene, auth: #"{"token":"x"}"#)
        let heard = socket.take()
        #expect(heard.contains { $0.hasPrefix("42[\"auth_error\",") })
        socket.send("40/admin,")
        socket.send(#"42["get-active-calls"]"#)
        scene.settle()
        let more = socket.take()
        #expect(more.first == "44/admin,{\"message\":\"Invalid namespace\"}")
        #expect(more.last?.contains("UNAUTHORIZED") == true)
    }

    @Test func `a foreign page must bring its token with CONNECT`() throws {
        let scene = try Scene(origins: "*")
        let foreign = "Origin: https://evil.example\r\nCookie: access_token=\(Scene.token(1))\r\n"
        let socket = TestSocket(scene, "/socket.io/?EIO=4&transport=websocket", fields: foreign)
        socket.send("40")
        scene.settle()
        #expect(socket.take().last == "44{\"message\":\"Не авторизован\"}")
        socket.send("40" + auth(1))
        scene.settle()
        #expect(socket.take().contains { $0.contains("authenticated") })
    }

    @Test func `a client that leaves is gone from its rooms, and may come back`() throws {
        let scene = try Scene()
        let socket = socket(scene, auth: auth(1))
        socket.send("41")
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online, .offline])
        socket.send("40" + auth(1))
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online, .offline, .online])
    }

    @Test func `a client that stops answering pings is gone`() throws {
        let scene = try Scene()
        let target = try session(scene, auth: auth(1))
        scene.settle(.seconds(46))
        #expect(get(scene, target).status == 400)
        #expect(scene.users.presence(of: 1) == [.online, .offline])
    }

    @Test func `a poll whose client went away ends the session`() throws {
        let scene = try Scene()
        let target = try session(scene, auth: auth(1))
        _ = get(scene, target)
        let waiting = get(scene, target)
        waiting.abort()
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online, .offline])
    }

    @Test func `when the server stops, a waiting poll hears of it`() throws {
        let scene = try Scene()
        let target = try session(scene, auth: auth(1))
        _ = get(scene, target)
        let waiting = get(scene, target)
        let signalling = scene.signalling
        scene.loop.later { signalling.stop() }
        scene.settle()
        #expect(waiting.body == "41\u{1E}1")
    }

    @Test func `binary attachments are taken with their event`() throws {
        let scene = try Scene(isOpen: true)
        let socket = socket(scene)
        _ = socket.take()
        socket.send(#"451-3["ping",{"_placeholder":true,"num":0}]"#)
        socket.sendBinary([1, 2, 3])
        scene.settle()
        #expect(socket.take() == [#"42["pong"]"#])
        #expect(!socket.isClosed)
    }
}
