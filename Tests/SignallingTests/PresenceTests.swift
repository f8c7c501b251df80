import Calls
import Directory
import Reactor
import Testing
import Wire

@testable import Signalling

/// Users are online while a socket or a phone of theirs is there.
struct PresenceTests {
    private let scene: Scene

    init() throws { scene = try Scene() }

    private func phone(_ account: String, isRegistered: Bool) {
        let manager = scene.manager
        scene.loop.later {
            manager.assumeIsolated { $0.registrationChanged(account: account, registered: isRegistered) }
        }
        scene.settle()
    }

    @Test func `a user stays online when the last socket goes and a phone is left`() {
        let socket = scene.socket(user: 1)
        phone("101", isRegistered: true)
        phone("101", isRegistered: true)
        socket.close()
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online])
        phone("101", isRegistered: false)
        #expect(scene.users.presence(of: 1) == [.online, .offline])
        phone("101", isRegistered: false)
        #expect(scene.users.presence(of: 1) == [.online, .offline])
    }

    @Test func `a user stays online when the phone goes and a socket is left`() {
        phone("102", isRegistered: true)
        #expect(scene.users.presence(of: 2) == [.online])
        let sockets = [scene.socket(user: 2), scene.socket(user: 2)]
        phone("102", isRegistered: false)
        sockets[0].close()
        scene.settle()
        #expect(scene.users.presence(of: 2) == [.online])
        sockets[1].close()
        scene.settle()
        #expect(scene.users.presence(of: 2) == [.online, .offline])
    }

    @Test func `a phone of nobody makes nobody online`() {
        phone("900", isRegistered: true)
        phone("900", isRegistered: false)
        #expect((1...5).allSatisfy { scene.users.presence(of: $0).isEmpty })
    }
}
