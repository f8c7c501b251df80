package import Web
package import Wire

/// The pages: at `/` the telephone that people use in a browser, at `/admin` what administrators keep, at `/docs` the REST
/// interface to read and to try.
///
/// Its files are embedded in the program and served as they are, without a build step; `index.html` names the rest.
package enum Console {
    /// Adds the page's files; `securePort` is where the same page is served over HTTPS, which the page tells people
    /// whose browser keeps the microphone from an insecure address.
    ///
    /// `tones` are those of the house, which the page sounds itself while it has no media: `ringback`, `busy` and
    /// `congestion`, each with its `frequencies` in Hz and the milliseconds it is `on` and `off`.
    package static func add(to router: inout Router, securePort: UInt16? = nil, tones: JSONValue = [:]) {
        let port = securePort.map { JSONValue.integer(Int64($0)) } ?? .null
        let facts: JSONValue = ["securePort": port, "tones": tones]
        let described = StaticFiles.File(path: "/console.json", bytes: facts.encoded())
        StaticFiles(files + [described]).add(to: &router, aliases: Self.aliases)
    }

    /// Document 003 tells people to open its settings page at the last of these.
    private static let aliases = [
        "/": "/index.html", "/docs": "/docs.html", "/admin": "/admin.html", "/admin/settings.html": "/admin.html",
    ]

    private static let files = [
        file("index.html", PackageResources.index_html),
        file("style.css", PackageResources.style_css),
        file("icon.svg", PackageResources.icon_svg),
        file("admin.css", PackageResources.admin_css),
        file("admin.html", PackageResources.admin_html),
        file("admin.js", PackageResources.admin_js),
        file("adminenglish.js", PackageResources.adminenglish_js),
        file("adminrussian.js", PackageResources.adminrussian_js),
        file("app.js", PackageResources.app_js),
        file("call.js", PackageResources.call_js),
        file("callcard.js", PackageResources.callcard_js),
        file("calls.js", PackageResources.calls_js),
        file("collection.js", PackageResources.collection_js),
        file("conferences.js", PackageResources.conferences_js),
        file("desk.js", PackageResources.desk_js),
        file("docs.css", PackageResources.docs_css),
        file("docs.html", PackageResources.docs_html),
        file("docs.js", PackageResources.docs_js),
        file("dom.js", PackageResources.dom_js),
        file("employees.js", PackageResources.employees_js),
        file("english.js", PackageResources.english_js),
        file("fields.js", PackageResources.fields_js),
        file("form.js", PackageResources.form_js),
        file("incoming.js", PackageResources.incoming_js),
        file("keyboard.js", PackageResources.keyboard_js),
        file("kinds.js", PackageResources.kinds_js),
        file("memory.js", PackageResources.memory_js),
        file("meter.js", PackageResources.meter_js),
        file("microphone.js", PackageResources.microphone_js),
        file("outbox.js", PackageResources.outbox_js),
        file("pbx.js", PackageResources.pbx_js),
        file("peer.js", PackageResources.peer_js),
        file("phone.js", PackageResources.phone_js),
        file("place.js", PackageResources.place_js),
        file("quality.js", PackageResources.quality_js),
        file("recent.js", PackageResources.recent_js),
        file("report.js", PackageResources.report_js),
        file("reportrussian.js", PackageResources.reportrussian_js),
        file("russian.js", PackageResources.russian_js),
        file("schema.js", PackageResources.schema_js),
        file("server.js", PackageResources.server_js),
        file("settings.js", PackageResources.settings_js),
        file("signin.js", PackageResources.signin_js),
        file("socket.js", PackageResources.socket_js),
        file("sound.js", PackageResources.sound_js),
        file("sounds.js", PackageResources.sounds_js),
        file("texts.js", PackageResources.texts_js),
    ]

    private static func file(_ name: String, _ bytes: [UInt8]) -> StaticFiles.File {
        StaticFiles.File(path: "/" + name, bytes: bytes)
    }
}
