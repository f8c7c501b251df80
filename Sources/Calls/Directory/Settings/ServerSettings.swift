import Wire

/// What administrators set of the server itself, where its environment does not.
package struct ServerSettings: Hashable, Sendable {
    /// Where phones and trunks send their RTP; nil: as the program is made.
    package var rtpPorts: ClosedRange<UInt16>?

    package init(rtpPorts: ClosedRange<UInt16>? = nil) { self.rtpPorts = rtpPorts }
}

extension Roster {
    /// The trunk that calls leave by first, which document 003 calls the PBX; nil when there is no trunk at all.
    package var pbx: Trunk? {
        trunks.min { first, second in
            if first.isEnabled != second.isEnabled { return first.isEnabled }
            return (first.priority, first.name) < (second.priority, second.name)
        }
    }
}

/// The page "PBX" of document 003's settings, as it is read: the way to the server, and the ports of media.
package struct PBXSettings: Hashable, Sendable {
    package var target: TrunkTarget
    package var rtpPorts: ClosedRange<UInt16>
    /// Passwords of employees are not for another server: they are dropped, not sent there.
    package var forgetsPasswords = false

    package init(target: TrunkTarget, rtpPorts: ClosedRange<UInt16>) {
        (self.target, self.rtpPorts) = (target, rtpPorts)
    }

    /// What a form names changes; what was printed and cannot be set is passed over.
    package mutating func apply(_ form: Form) {
        form.ignore("trunk", "isConnected", "detail", "legs", "fixed", "startup")
        form.read("server", into: &target.host, .host)
        var port = target.port.map(Int.init)
        form.read("port", into: &port, in: 1...65_535)
        target.port = port.flatMap(UInt16.init(exactly:))
        form.readTransport(into: &target.transport)
        form.read("forgetPasswords", into: &forgetsPasswords)
        var (first, last) = (Int(rtpPorts.lowerBound), Int(rtpPorts.upperBound))
        form.read("rtpPortMin", into: &first, in: Self.ports)
        form.read("rtpPortMax", into: &last, in: Self.ports)
        guard last > first, let lower = UInt16(exactly: first), let upper = UInt16(exactly: last) else {
            return form.refuse("rtpPortMax", .outOfRange(first + 1, Self.ports.upperBound))
        }
        rtpPorts = lower...upper
    }

    private static let ports = 1024...65_535
}
