package import Directory
import Reactor
import SIP
import Telemetry
import Wire

/// The trunks: their names, our registrations there, and whether their servers live.
extension SIPEndpoint {
    /// Replaces the trunks, on the loop and at any time.
    ///
    /// Calls of one that is gone go on; one that stays as it was is not disturbed.
    package func setTrunks(_ wanted: [Trunk]) {
        let effects = trunks.set(wanted, now: now)
        guard transports != nil else { return }
        trustServers(of: wanted)
        perform(effects)
        advanceTrunks()
        settle()
    }

    /// Every trunk as it is now, in the order they were set.
    package func trunkStatuses() -> [TrunkStatus] { trunks.statuses }

    /// How our accounts at a trunk fare, by their user names.
    package func trunkAccounts(of name: String) -> [String: AccountStanding] { trunks.accounts(of: name) }

    func advanceTrunks() { perform(trunks.advance(to: now, surroundings)) }

    /// Hands the answer to a request of a trunk's own to it.
    func trunkAnswered(_ response: SIPResponse, _ transaction: ClientTransactionID) {
        if let flow = trunks.pending(transaction)?.flow { keepRegistered(flow, by: response) }
        perform(trunks.receive(.answered(response), transaction, now: now, surroundings))
    }

    func trunkRequestFailed(_ failure: TransactionFailure, _ transaction: ClientTransactionID) {
        perform(trunks.receive(.failed(failure), transaction, now: now, surroundings))
    }

    func perform(_ effects: [TrunkEffect]) {
        for effect in effects {
            switch effect {
            case .locate(let name, let target): locate(target, of: name)
            case .send(let request): send(request)
            }
        }
    }

    private func send(_ request: TrunkRequest) {
        let sentBy = advertised(facing: request.flow)
        let transaction = agent.sendRequest(request.request, over: request.flow, sentBy: sentBy, now: now)
        guard let transaction else {
            // The table of transactions is full.
            return perform(trunks.receive(.failed(.transport), to: request, now: now, surroundings))
        }
        trunks.sent(request, as: transaction)
    }

    private func locate(_ target: TrunkTarget, of name: String) {
        locate(SIPTarget(target)) { endpoint, location in
            if location.isEmpty {
                endpoint.logger.warn(
                    "a trunk's server cannot be found", [LogField("trunk", name), LogField("target", "\(target)")])
            }
            guard endpoint.transports != nil else { return }
            let effects = endpoint.trunks.located(
                target, of: name, location, now: endpoint.now, endpoint.surroundings)
            endpoint.perform(effects)
        }
    }

    private var surroundings: TrunkSurroundings {
        TrunkSurroundings(
            patience: configuration.serverPatience,
            contact: { [unowned self] user, flow in
                assumeIsolated { $0.contact(user: user, facing: flow) }
            },
            entropy: { [loop] in loop.makeEntropy() })
    }
}
