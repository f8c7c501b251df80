/// Who uses which flow, so that a flow's failure costs only those it concerns.
///
/// Members are many and flows few: a member is kept with its flow's number.
struct FlowIndex<Member: Hashable & Sendable>: Sendable {
    private struct Users: Sendable {
        let flow: Flow
        var members: Set<Member> = []
    }

    private var places: [Member: UInt32] = [:]
    private var numbers: [Flow: UInt32] = [:]
    private var users: [UInt32: Users] = [:]
    private var lastNumber: UInt32 = 0

    /// Members with a flow.
    var count: Int { places.count }

    func members(on flow: Flow) -> Set<Member> { numbers[flow].flatMap { users[$0]?.members } ?? [] }

    /// Puts a member on a flow, and off the one it was on.
    mutating func place(_ member: Member, on flow: Flow) {
        let known = numbers[flow]
        if let before = places[member] {
            if before == known { return }
            remove(member)
        }
        let number = known ?? makeNumber(for: flow)
        places[member] = number
        // By its place, so that what is found is changed there and not taken out and put back.
        guard let place = users.index(forKey: number) else { return }
        users.values[place].members.insert(member)
    }

    mutating func remove(_ member: Member) {
        guard let number = places.removeValue(forKey: member) else { return }
        guard let place = users.index(forKey: number) else { return }
        users.values[place].members.remove(member)
        guard users.values[place].members.isEmpty else { return }
        numbers[users.values[place].flow] = nil
        users.remove(at: place)
    }

    private mutating func makeNumber(for flow: Flow) -> UInt32 {
        repeat { lastNumber &+= 1 } while users[lastNumber] != nil
        users[lastNumber] = Users(flow: flow)
        numbers[flow] = lastNumber
        return lastNumber
    }
}
