import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin/queues/:id/members`: who is in a queue, and who rests.
extension API {
    func addMembers(of queues: AdminResource<CallQueue>, _ admin: AdminServices, to router: inout Router) {
        onAdmin(.post, "queues/:id/members", .addQueueMember, &router) { request throws(Failure) in
            let queue = try await found(request, queues)
            let form = Form(request.body)
            let member = QueueMember(form)
            if roster.current.users[member.userID] == nil { form.refuse("userId", .unknownReference) }
            if queue.members.contains(where: { $0.userID == member.userID }) { form.refuse("userId", .taken) }
            try Self.finish(form)
            return try await set(member, queue, .created, admin)
        }
        onAdmin(.put, "queues/:id/members/:userId", .changeQueueMember, &router) { request throws(Failure) in
            let queue = try await found(request, queues)
            var member = try member(request, of: queue)
            let form = Form(request.body)
            form.require("isPaused")
            form.read("isPaused", into: &member.isPaused)
            try Self.finish(form)
            return try await set(member, queue, .ok, admin)
        }
        onAdmin(.delete, "queues/:id/members/:userId", .removeQueueMember, &router) { request throws(Failure) in
            let queue = try await found(request, queues)
            let member = try member(request, of: queue)
            _ = try await changed(admin) { () throws(StoreError) in
                try await admin.store.removeMember(userID: member.userID, ofQueue: queue.id)
            }
            return .json(.ok, ["success": true])
        }
    }

    private func member(_ request: APIRequest, of queue: CallQueue) throws(Failure) -> QueueMember {
        let id = Self.id(request.parameters["userId"])
        guard let member = queue.members.first(where: { $0.userID == id }) else { throw .userNotFound }
        return member
    }

    private func set(
        _ member: QueueMember, _ queue: CallQueue, _ status: HTTPStatus, _ admin: AdminServices
    ) async throws(Failure) -> HTTPResponse {
        let isStored = try await changed(admin) { () throws(StoreError) in
            try await admin.store.setMember(member, ofQueue: queue.id)
        }
        guard isStored else { throw .notFound }
        return .json(status, ["success": true, "data": member.json])
    }
}
