/// Who uses which flow, so that a flow's failure costs only those it concerns.
struct FlowIndex<Member: Hashable & Sendable>: Sendable {
    private var flows: [Member: Flow] = [:]
    private var users: [Flow: Set<Member>] = [:]

    /// Members with a flow.
    var count: Int { flows.count }

    func members(on flow: Flow) -> Set<Member> { users[flow] ?? [] }

    /// Puts a member on a flow, and off the one it was on.
    mutating func place(_ member: Member, on flow: Flow) {
        guard flows[member] != flow else { return }
        remove(member)
        flows[member] = flow
        users[flow, default: []].insert(member)
    }

    mutating func remove(_ member: Member) {
        guard let flow = flows.removeValue(forKey: member) else { return }
        users[flow]?.remove(member)
        if users[flow]?.isEmpty == true { users[flow] = nil }
    }
}
