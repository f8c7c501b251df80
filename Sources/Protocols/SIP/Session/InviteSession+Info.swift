import Wire

extension InviteSession {
    /// Sends an INFO in a session that is set up; nothing depends on its answer.
    mutating func sendInfo(
        _ type: MediaType, _ body: [UInt8], _ now: Instant, _ context: inout SessionContext
    ) {
        guard isEstablished, var request = dialog?.makeRequest(.info) else { return }
        request.headers.contentType = type
        request.body = body
        authorize(&request, over: dialogFlow, &context)
        send(request, .notification, now: now, &context)
    }
}
