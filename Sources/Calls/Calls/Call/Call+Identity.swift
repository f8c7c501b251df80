import CallModel
import Directory
import SIPEndpoint

/// What a leg is told of the other side.
extension Call {
    /// Whom a leg is told it is called by: the far end of click-to-call for the caller's own phone, and for the target of
    /// a transfer the one it will talk to.
    func identity(for id: LegID) -> CallerIdentity {
        switch live.legs[id]?.side {
        case .caller: return CallerIdentity(displayName: name(of: target), user: target)
        case .target:
            guard case .transferring(let transfer) = live.phase, let stayer = live.legs[transfer.stayer],
                stayer.side == .callee
            else { return callerIdentity }
            let number = number(of: stayer.party)
            return CallerIdentity(displayName: name(of: number), user: number, account: account(of: stayer.party))
        case .callee, nil: return callerIdentity
        }
    }

    private func number(of party: Party) -> String {
        switch party {
        case .phone(let number, _, _): number
        case .outside(_, let number): number ?? target
        case .user(let id): services.roster.current.users[id]?.extension ?? target
        case .visitor, .builtIn, .conference: target
        }
    }

    private func account(of party: Party) -> String? {
        switch party {
        case .phone(let number, _, _): number
        case .user(let id): services.roster.current.extension(ofUser: id)
        case .outside, .visitor, .builtIn, .conference: nil
        }
    }

    /// Whose extension it is.
    private func name(of number: String) -> String? {
        services.roster.current.user(extension: number)?.displayName
    }

    /// Who sent a leg's call its way: the author of the transfer, or whoever sent the caller here.
    func referredBy(_ id: LegID) -> String? {
        guard case .transferring(let transfer) = live.phase, live.legs[id]?.side == .target else { return referredBy }
        return transfer.request.referredBy
    }
}
