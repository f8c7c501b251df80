/// Whether a peer was heard from.
extension UserAgent {
    /// Whether a provisional response, were it 100, came to our INVITE and no final one yet.
    package func isProceeding(_ session: SessionID) -> Bool {
        guard let transaction = sessions[session]?.value.inviteTransaction else { return false }
        return context.transactions.isProceeding(transaction)
    }
}

extension TransactionLayer {
    fileprivate func isProceeding(_ id: ClientTransactionID) -> Bool {
        guard case .invite(let machine)? = clients[id]?.value.machine else { return false }
        return machine.state == .proceeding
    }
}
