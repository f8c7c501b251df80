import CallViews
import Directory
import Web
import Wire

/// `/api/v1/admin`: the descriptions are made of the forms that are read.
extension Operation {
    /// A route of administrators.
    static func admin(_ summary: String, answers: Answer..., refusals: [Failure] = []) -> Operation {
        var operation = Operation(summary, Family.admin, refusals: refusals + [.storeUnavailable])
        operation.answers = answers
        return operation.open(to: .administrator)
    }

    static let trunkStatus = admin(
        "How a trunk fares", answers: .json(.data(trunkState)), refusals: [.notFound]
    ).taking(.path("id", .text))

    static let listCompanies = admin(
        "Companies in the order of their names",
        answers: .json(
            .object([
                "success": .constant(true), "data": .list(of: JSONSchema(["type": "object"])),
                "pagination": PageInfo.v1Schema,
            ]))
    ).taking(Parameter.page(.companies)).taking(.query("search", .text(atMost: APIRequest.maximumSearch)))

    static let addQueueMember = admin(
        "Puts a user into a queue", answers: .json(.created, .data(member)),
        refusals: [.notFound, .conflict(column: "")]
    ).taking(.path("id", .text)).body(Form.schema { _ = QueueMember($0) })

    static let changeQueueMember = admin(
        "Lets a member of a queue rest", answers: .json(.data(member)), refusals: [.notFound, .userNotFound]
    ).taking(.path("id", .text), .path("userId", .rowID)).body(
        Form.schema { form in
            var isPaused = false
            form.require("isPaused")
            form.read("isPaused", into: &isPaused)
        })

    static let removeQueueMember = admin(
        "Takes a user out of a queue", answers: .json(.done), refusals: [.notFound, .userNotFound]
    ).taking(.path("id", .text), .path("userId", .rowID))

    private static let member = JSONSchema.object(["userId": .integer, "isPaused": .flag])
}

extension AdminResource {
    /// The things of this kind as they are answered.
    private var item: JSONSchema { .object(["id": .integer]) }

    /// What the parameters of the path are, before the thing itself.
    private var place: [Operation.Parameter] {
        name.split(separator: "/").filter { $0.hasPrefix(":") }.map { .path(String($0.dropFirst()), .rowID) }
    }

    /// The thing is not there, or what it belongs to.
    private var absences: [Failure] { place.isEmpty ? [missing] : [missing, .userNotFound] }

    var list: Operation {
        .admin("All \(plural)", answers: .json(.data(.list(of: item))), refusals: absences).taking(place)
    }

    var show: Operation {
        .admin("One of the \(plural)", answers: .json(.data(item)), refusals: absences).taking(place).taking(own)
    }

    var creation: Operation {
        .admin(
            "Adds one of the \(plural)", answers: .json(.created, .data(item)),
            refusals: absences + [.notFound, .invalidState, .conflict(column: ""), .keyUsedDifferently]
        ).taking(place).taking(.idempotencyKey).body(shape(Form.schema { _ = make($0, Roster()) }))
    }

    var change: Operation {
        .admin(
            "Changes one of the \(plural)", answers: .json(.data(item)),
            refusals: absences + [.notFound, .conflict(column: ""), .inUse(by: [])]
        ).taking(place).taking(own).body(
            shape(
                Form.schema { form in
                    var value = make(Form([:]), Roster())
                    apply(&value, form, Roster())
                }), isOptional: true)
    }

    var removal: Operation {
        .admin("Removes one of the \(plural)", answers: .json(.done), refusals: absences + [.inUse(by: [])])
            .taking(place).taking(own)
    }

    private var own: Operation.Parameter { .path("id", .text, "An id, or a name where there are names") }
    private var plural: String { String(name.split(separator: "/").last ?? "").replacing("-", with: " ") }
}
