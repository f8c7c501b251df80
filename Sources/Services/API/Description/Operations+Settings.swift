import CallViews
import Directory
import Web
import Wire

/// The descriptions of `/api/v1/admin/settings`.
extension Operation {
    static let showSettings = admin(
        "The PBX and the ports of media, as the settings page shows them", answers: .json(.data(settings)))

    static let changeSettings = admin(
        "Changes the PBX and the ports of media; calls that are up go on", answers: .json(.data(settings)),
        refusals: [.fixed(by: []), .conflict(column: "")]
    ).body(Form.schema { form in settingsForm(form) }, isOptional: true)

    static let checkSettings = admin(
        "Examines the way to the PBX, or to the one of the body", answers: .json(.data(report))
    ).body(Form.schema { form in settingsForm(form) }, isOptional: true)

    static let checkTrunk = admin(
        "Examines a trunk from its name to its registrations", answers: .json(.data(report)), refusals: [.notFound]
    ).taking(.path("id", .text, "An id or a name"))

    static let listEmployees = admin(
        "By which login each employee is known to the PBX", answers: .json(.data(.list(of: employee))))

    static let changeEmployee = admin(
        "Sets an employee's extension, login and password at the PBX", answers: .json(.data(employee)),
        refusals: [.userNotFound, .withoutPBX, .invalidState, .conflict(column: "")]
    ).taking(.path("userId", .rowID)).body(
        Form.schema { form in
            var entry = EmployeeEntry(nil)
            entry.apply(form)
        })

    static let removeEmployee = admin(
        "Takes an employee's login at the PBX away", answers: .json(.done),
        refusals: [.userNotFound, .notFound, .withoutPBX]
    ).taking(.path("userId", .rowID))

    private static func settingsForm(_ form: Form) {
        var settings = PBXSettings(target: TrunkTarget(host: ""), rtpPorts: 20000...29999)
        settings.apply(form)
    }

    private static let settings = JSONSchema.object([
        "trunk": .text.orNull, "server": .text.orNull, "port": .integer.orNull, "transport": .text.orNull,
        "isConnected": .flag, "detail": .text, "rtpPortMin": .integer, "rtpPortMax": .integer, "legs": .integer,
        "fixed": JSONSchema(["type": "object"]),
        "startup": .list(of: .object(["variable": .text, "value": .text])),
    ])

    private static let employee = JSONSchema.object([
        "userId": .integer, "name": .text, "extension": .text.orNull, "username": .text.orNull,
        "password": .text.orNull, "isRegistered": .flag.orNull, "failure": .text.orNull,
    ])

    private static let report = JSONSchema.object([
        "trunk": .text, "ok": .flag,
        "lines": .list(
            of: .object([
                "step": .text, "verdict": .words(["ok", "warn", "failed"]), "text": .text, "advice": .text.orNull,
            ])),
    ])
}
