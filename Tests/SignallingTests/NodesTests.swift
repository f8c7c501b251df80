import CallKit
import CallModel
import Calls
import Directory
import Reactor
import Synchronization
import Testing
import Wire

@testable import Signalling

/// What sockets of one node are told of what happens at another.
struct NodesTests {
    /// What a node has said.
    private final class Bus: Sendable {
        let events = Mutex<[JSONValue]>([])
        let online = Mutex<[String]>([])

        func take() -> [JSONValue] {
            events.withLock { events in
                defer { events = [] }
                return events
            }
        }
    }

    private func join(_ scene: Scene) -> Bus {
        let (bus, hub) = (Bus(), scene.signalling.hub)
        scene.loop.later {
            hub.assumeIsolated { hub in
                hub.join(
                    OtherNodes(
                        tell: { event in bus.events.withLock { $0.append(event) } },
                        setOnline: { isOnline, id in bus.online.withLock { $0.append("\(id) \(isOnline)") } }))
            }
        }
        scene.settle()
        return bus
    }

    private func hear(_ scene: Scene, _ events: [JSONValue]) {
        let hub = scene.signalling.hub
        scene.loop.later { hub.assumeIsolated { hub in for event in events { hub.hear(event) } } }
        scene.settle()
    }

    @Test func `those a call concerns are told it there as here, and nobody tells it on`() throws {
        let (here, there) = (try Scene(), try Scene())
        let (said, repeated) = (join(here), join(there))
        let (boris, master) = (there.socket(user: 2), there.socket(user: 5))
        let admin = there.socket(user: 3)
        let record = try here.call(from: 1, to: "102")
        let events = said.take()
        #expect(events.contains { $0["name"] == "call:new" })
        hear(there, events)
        for socket in [boris, admin] {
            let told = socket.takeJSON().events("call:new")
            #expect(told.count == 1 && told.first?["id"] == .string(record.uuid.description))
            #expect(told.first?["eventId"]?.stringValue != nil)
        }
        #expect(master.takeJSON().events("call:new").isEmpty, "neither an operator nor of the call")
        #expect(repeated.take().isEmpty)
    }

    @Test func `what others told is replayed like what happened here`() throws {
        let (here, there) = (try Scene(), try Scene())
        let said = join(here)
        _ = join(there)
        let boris = there.socket(user: 2)
        boris.send(["type": "get-active-calls"])
        there.settle()
        let event = try #require(boris.takeJSON().last?["eventId"]?.stringValue)
        boris.close()
        there.settle()
        _ = try here.call(from: 1, to: "102")
        hear(there, said.take())
        let back = TestSocket(there, "/ws?token=\(Scene.token(2))&lastEventId=\(event)")
        there.settle()
        #expect(back.takeJSON().events("call:new").count == 1)
    }

    @Test func `a call that is offered again is shown once at each node, until it is withdrawn`() throws {
        let (here, there) = (try Scene(), try Scene())
        let said = join(here)
        let boris = there.socket(user: 2)
        _ = try here.report(assignedTo: 2)
        let offer = try #require(said.take().first { $0["name"] == "incoming-call" })
        hear(there, [offer, offer])
        #expect(boris.takeJSON().events("incoming-call").count == 1)
        let again = there.socket(user: 2)
        hear(there, [offer])
        #expect(boris.takeJSON().events("incoming-call").isEmpty)
        #expect(again.takeJSON().events("incoming-call").count == 1)
        let withdrawal: JSONValue = [
            "name": "call-withdrawn", "rooms": ["user:2"], "open": "none",
            "payload": ["uuid": offer["payload"]?["uuid"] ?? .null],
        ]
        hear(there, [withdrawal, offer])
        #expect(boris.takeJSON().events("incoming-call").count == 1)
    }

    @Test func `a user is online while a page of theirs is open at any node`() throws {
        let scene = try Scene()
        let hub = scene.signalling.hub
        func setElsewhere(_ users: Set<Int64>) {
            scene.loop.later { hub.assumeIsolated { $0.setUsersElsewhere(users) } }
            scene.settle()
        }
        let socket = scene.socket(user: 1)
        setElsewhere([1, 2])
        #expect(scene.users.presence(of: 1) == [.online] && scene.users.presence(of: 2) == [.online])
        socket.close()
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online])
        setElsewhere([2])
        #expect(scene.users.presence(of: 1) == [.online, .offline] && scene.users.presence(of: 2) == [.online])
    }

    @Test func `each of thousands at another node is told of, but for those whose phone is here`() throws {
        let scene = try Scene()
        let (hub, manager) = (scene.signalling.hub, scene.manager)
        let users = Set(Int64(1)...2500)
        scene.loop.later {
            manager.assumeIsolated { $0.registrationChanged(account: "101", registered: true) }
            hub.assumeIsolated { $0.setUsersElsewhere(users) }
        }
        scene.settle()
        #expect(users.allSatisfy { scene.users.presence(of: $0) == [.online] })
        scene.loop.later { hub.assumeIsolated { $0.setUsersElsewhere([]) } }
        scene.settle()
        #expect(scene.users.presence(of: 1) == [.online])
        #expect(users.subtracting([1]).allSatisfy { scene.users.presence(of: $0) == [.online, .offline] })
    }

    @Test func `others are told when a user's first page comes and the last one goes`() throws {
        let scene = try Scene()
        let bus = join(scene)
        let sockets = [scene.socket(user: 1), scene.socket(user: 1)]
        for socket in sockets {
            socket.close()
            scene.settle()
        }
        #expect(bus.online.withLock { $0 } == ["1 true", "1 false"])
    }

    @Test(arguments: [
        "null", "[]", "{}", #"{"name":"x","rooms":"operators","open":"all"}"#, #"{"name":"x","rooms":[]}"#,
    ])
    func `what is no event of ours is not heard`(text: String) throws {
        let scene = try Scene()
        _ = join(scene)
        let admin = scene.socket(user: 3)
        hear(scene, [try JSONValue(parsing: text)])
        #expect(admin.takeJSON().isEmpty)
    }
}
