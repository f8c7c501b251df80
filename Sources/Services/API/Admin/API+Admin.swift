import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin`: accounts, trunks, routes, queues, users and their phones, lines and companies, for administrators.
extension API {
    func addAdmin(to router: inout Router) {
        guard let admin else { return }
        add(accounts(admin), admin, to: &router)
        add(trunks(admin), admin, to: &router)
        add(routes(admin), admin, to: &router)
        let queues = queues(admin)
        add(queues, admin, to: &router)
        addMembers(of: queues, admin, to: &router)
        add(people(admin), admin, to: &router)
        addPhones(admin, to: &router)
        add(lines(admin), admin, to: &router)
        addCompanies(admin, to: &router)
        addWebhooks(admin, to: &router)
        addOutbox(admin, to: &router)
        addSettings(admin, to: &router)
        if let settings = admin.settings {
            onAdmin(.post, "trunks/:id/check", .checkTrunk, &router) { request throws(Failure) in
                try await report(try await found(request, trunks(admin)), settings)
            }
        }
        addLogs(admin, to: &router)
        addRunning(admin, to: &router)
        onAdmin(.get, "trunks/:id/status", .trunkStatus, &router) { request throws(Failure) in
            let trunk = try await found(request, trunks(admin))
            guard let status = await admin.trunkStatus(trunk.name) else { throw .notFound }
            return .json(.ok, ["success": true, "data": status])
        }
    }

    private func trunks(_ admin: AdminServices) -> AdminResource<Trunk> {
        AdminResource(
            name: "trunks", all: { $0.trunks.sorted { $0.name < $1.name } },
            find: { roster, text in roster.trunk(named: text) ?? roster.trunks.first { Self.names($0.id, text) } },
            json: { trunk, _ in
                var object = trunk.json()
                object.append("source", trunk.isFromEnvironment ? "environment" : "store")
                return object
            },
            make: { form, roster in
                let trunk = Trunk(form)
                form.check(trunk, in: roster)
                return trunk
            },
            apply: { trunk, form, roster in
                trunk.apply(form)
                form.check(trunk, in: roster)
            },
            add: { trunk throws(StoreError) in try await admin.store.add(trunk) },
            update: { trunk throws(StoreError) in try await admin.store.update(trunk) },
            remove: { trunk throws(StoreError) in try await admin.store.removeTrunk(id: trunk.id) },
            refusal: { trunk, changed, roster in
                if trunk.isFromEnvironment { return .fromEnvironment }
                guard changed == nil else { return nil }
                let own = roster.routes.filter { $0.trunk == trunk.name }.map { "route \($0.id)" }
                let users = own + roster.references { $0.isTrunk(trunk.name) }
                return users.isEmpty ? nil : .inUse(by: users)
            })
    }

    private func routes(_ admin: AdminServices) -> AdminResource<InboundRoute> {
        AdminResource(
            name: "routes", all: \.routes, find: { roster, text in roster.routes.first { Self.names($0.id, text) } },
            json: { route, _ in route.json.objectValue ?? JSONObject() },
            make: { form, roster in
                let route = InboundRoute(form)
                form.check(route, in: roster)
                return route
            },
            apply: { route, form, roster in
                route.apply(form)
                form.check(route, in: roster)
            },
            add: { route throws(StoreError) in try await admin.store.add(route) },
            update: { route throws(StoreError) in try await admin.store.update(route) },
            remove: { route throws(StoreError) in try await admin.store.removeRoute(id: route.id) })
    }

    private func queues(_ admin: AdminServices) -> AdminResource<CallQueue> {
        AdminResource(
            name: "queues", all: \.queues,
            find: { roster, text in roster.queue(named: text) ?? roster.queues.first { Self.names($0.id, text) } },
            json: { queue, _ in queue.json.objectValue ?? JSONObject() },
            make: { form, roster in
                let queue = CallQueue(form)
                form.check(queue, in: roster)
                return queue
            },
            apply: { queue, form, roster in
                queue.apply(form)
                form.check(queue, in: roster)
            },
            add: { queue throws(StoreError) in try await admin.store.add(queue) },
            update: { queue throws(StoreError) in try await admin.store.update(queue) },
            remove: { queue throws(StoreError) in try await admin.store.removeQueue(id: queue.id) },
            refusal: { queue, changed, roster in
                guard changed == nil else { return nil }
                let users = roster.references { $0 == .queue(queue.name) }.filter { $0 != "queue \(queue.name)" }
                return users.isEmpty ? nil : .inUse(by: users)
            })
    }

    static func names(_ id: Int64, _ text: String) -> Bool { id > 0 && self.id(text) == id }
}

extension Destination {
    fileprivate func isTrunk(_ name: String) -> Bool {
        if case .trunk(name, _) = self { true } else { false }
    }
}
