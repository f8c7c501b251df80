import CallModel
import Directory
import Reactor
import Testing
import Wire

@testable import Signalling

/// What a token is worth beside the directory, and after its time.
struct TokenLifeTests {
    @Test func `what the directory says of a user outranks the token`() throws {
        let scene = try Scene()
        for (token, role) in [
            (Scene.token(1, role: "admin"), "operator"), (Scene.token(3, role: "operator"), "admin"),
            (Scene.token(77, role: "director"), "director"),
        ] {
            let socket = TestSocket(scene, "/ws?token=\(token)")
            scene.settle()
            #expect(socket.takeJSON().events("authenticated").first?["role"] == .string(role))
        }
        let left = TestSocket(scene, "/ws?token=\(Scene.token(4, role: "admin"))")
        scene.settle()
        #expect(left.takeJSON().names == ["auth_error", "error"])
    }

    private func socket(_ scene: Scene, user: Int64 = 1, for life: Duration) -> TestSocket {
        let socket = TestSocket(
            scene, "/ws?token=\(Scene.token(user, expires: scene.loop.wallTime + life))")
        scene.settle()
        #expect(socket.takeJSON().names.first == "authenticated")
        return socket
    }

    /// Lets time pass with a client that shows that it lives.
    private func stay(_ scene: Scene, _ socket: TestSocket, for duration: Duration) {
        var left = duration
        while left > .zero {
            socket.send(["type": "ping"])
            scene.settle(min(left, .seconds(20)))
            left -= .seconds(20)
        }
    }

    @Test func `an open socket is nobody's once its token has run out`() throws {
        let scene = try Scene()
        let socket = socket(scene, for: .seconds(7200))
        socket.send(["type": "join-room", "room": "call-center"])
        stay(scene, socket, for: .seconds(7190))
        _ = socket.take()
        socket.send(["type": "get-active-calls", "id": 1])
        scene.settle()
        #expect(socket.takeJSON().events("ack").first?["success"] == true)
        scene.settle(.seconds(10))
        let events = socket.takeJSON()
        #expect(events.names == ["auth_error", "error"])
        #expect(events.allSatisfy { $0["code"] == "TOKEN_EXPIRED" })
        #expect(scene.users.presence(of: 1) == [.online, .offline])
        socket.send(["type": "get-active-calls", "id": 1])
        _ = try scene.call(from: 2, to: "101")
        #expect(socket.takeJSON().map { $0["error"]?["code"] } == ["UNAUTHORIZED"])
        #expect(!socket.isClosed)
    }

    @Test func `a call that outlives the token can still be ended, and then the socket is nobody's`() throws {
        let scene = try Scene()
        let socket = socket(scene, for: .seconds(30))
        let id = JSONValue.integer(try scene.room().id)
        socket.send(["type": "join-call", "callId": id])
        stay(scene, socket, for: .seconds(40))
        #expect(!socket.takeJSON().names.contains("auth_error"))
        socket.send(["type": "end-call", "callId": id, "id": 1])
        scene.settle()
        #expect(socket.takeJSON().events("ack").first?["success"] == true)
        scene.settle(Session.expiryRecheck)
        #expect(socket.takeJSON().events("error").first?["code"] == "TOKEN_EXPIRED")
    }

    @Test func `staying in a call does not keep a token alive for ever`() throws {
        let scene = try Scene()
        let socket = socket(scene, for: .seconds(30))
        let room = try scene.room()
        socket.send(["type": "join-call", "callId": .string(room.uuid.description)])
        scene.settle()
        #expect(socket.takeJSON().names.contains("joined-call"))
        stay(scene, socket, for: .seconds(30) + Session.expiryGrace + Session.expiryRecheck)
        #expect(socket.takeJSON().events("error").first?["code"] == "TOKEN_EXPIRED")
    }

    @Test func `a client that signs in again in time notices nothing`() throws {
        let scene = try Scene()
        let socket = socket(scene, for: .seconds(60))
        scene.settle(.seconds(30))
        let fresh = Scene.token(1, expires: scene.loop.wallTime + .seconds(600))
        socket.send(["type": "authenticate", "token": .string(fresh)])
        stay(scene, socket, for: .seconds(300))
        #expect(!socket.takeJSON().names.contains("error"))
        stay(scene, socket, for: .seconds(301))
        #expect(socket.takeJSON().events("error").first?["code"] == "TOKEN_EXPIRED")
        socket.send(["type": "authenticate", "token": .string(Scene.token(1))])
        stay(scene, socket, for: .seconds(7200))
        #expect(!socket.takeJSON().names.contains("error"))
    }

    @Test func `a socket that has gone is not told`() throws {
        let scene = try Scene()
        let socket = socket(scene, for: .seconds(60))
        socket.close()
        scene.settle(.seconds(120))
        #expect(scene.users.presence(of: 1) == [.online, .offline])
    }
}
