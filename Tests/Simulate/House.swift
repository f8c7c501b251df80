import Directory
import Wire

/// Who is there: people with phones and pages, queues, and two carriers of which one stands in for the other.
enum House {
    struct Carrier {
        let name: String
        let line: String
        let address: String
    }

    static let users = 18
    /// 1001 has three phones, 1002 to 1005 have two, and 1017 and 1018 none.
    static let phones =
        (1001...1016).map { "\($0)" } + ["1001", "1001", "1002", "1003", "1004", "1005"]
    static let usersWithPages: [Int64] = [15, 16, 17, 18]
    static let carriers = [
        Carrier(name: "north", line: "78005550001", address: "10.0.2.1"),
        Carrier(name: "south", line: "78005550002", address: "10.0.2.2"),
    ]
    static let builtIn = ["9196", "9197", "9195", "9664"]

    static var queues: [CallQueue] {
        var sales = CallQueue(id: 1, name: "sales")
        sales.extension = "2000"
        sales.members = [3, 4, 15].map { QueueMember(userID: $0) }
        sales.ringing = .seconds(10)
        sales.maximumWait = .seconds(60)
        var service = CallQueue(id: 2, name: "service")
        service.extension = "2001"
        service.strategy = .roundRobin
        service.wrapUp = .seconds(5)
        service.ringing = .seconds(8)
        service.maximumWait = .seconds(40)
        service.overflow = .extension("1008")
        service.members = [6, 7, 17].map { QueueMember(userID: $0) }
        return [sales, service]
    }

    static var trunks: [Trunk] {
        carriers.enumerated().map { index, carrier in
            var trunk = Trunk(name: carrier.name, host: carrier.address, port: 5060, transport: .udp)
            trunk.priority = 10 + index
            trunk.session = session(index, required: index == 1)
            return trunk
        }
    }

    /// Reliable provisional responses and session timers, in every mixture that can come together.
    static func session(_ index: Int, required: Bool = false) -> TrunkSession {
        var session = TrunkSession()
        session.timer = index % 2 == 0 ? .seconds(90) : nil
        session.reliable = required ? .required : index % 3 == 0 ? .off : .supported
        return session
    }
}
