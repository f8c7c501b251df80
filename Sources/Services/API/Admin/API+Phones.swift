import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin/users/:userId/phones` and `…/phone-lines`: where people are reached, and what customers dial.
extension API {
    func addPhones(_ admin: AdminServices, to router: inout Router) {
        let sample = phones(ofUser: 0, admin)
        onAdmin(.get, sample.name, sample.list, &router) { request throws(Failure) in
            await list(try phones(ofUserIn: request, admin))
        }
        add(sample, admin, to: &router) { request throws(Failure) in try phones(ofUserIn: request, admin) }
    }

    /// The phones of the user whom the path names.
    private func phones(
        ofUserIn request: APIRequest, _ admin: AdminServices
    ) throws(Failure) -> AdminResource<UserPhone> {
        guard let id = Self.id(request.parameters["userId"]), roster.current.users[id] != nil else {
            throw .userNotFound
        }
        return phones(ofUser: id, admin)
    }

    private func phones(ofUser id: Int64, _ admin: AdminServices) -> AdminResource<UserPhone> {
        AdminResource(
            name: "users/:userId/phones", all: { $0.phones[id] ?? [] },
            find: { roster, text in (roster.phones[id] ?? []).first { Self.names($0.id, text) } },
            json: { phone, _ in phone.json },
            make: { form, roster in
                let phone = UserPhone(form, ofUser: id)
                form.check(phone, in: roster)
                return phone
            },
            apply: { phone, form, roster in
                phone.apply(form)
                form.check(phone, in: roster)
            },
            add: { phone throws(StoreError) in try await admin.store.add(phone) },
            update: { phone throws(StoreError) in try await admin.store.update(phone) },
            remove: { phone throws(StoreError) in try await admin.store.removePhone(id: phone.id) })
    }

    func lines(_ admin: AdminServices) -> AdminResource<PhoneLine> {
        AdminResource(
            name: "phone-lines", all: \.lines,
            find: { roster, text in roster.lines.first { Self.names($0.id, text) } },
            json: { line, _ in line.json },
            make: { form, roster in
                let line = PhoneLine(form)
                form.check(line, in: roster)
                return line
            },
            apply: { line, form, roster in
                line.apply(form)
                form.check(line, in: roster)
            },
            add: { line throws(StoreError) in try await admin.store.add(line) },
            update: { line throws(StoreError) in try await admin.store.update(line) },
            remove: { line throws(StoreError) in try await admin.store.removeLine(id: line.id) })
    }
}
