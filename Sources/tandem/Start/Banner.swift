import Directory
import Store

/// What a person reads when the gateway has started: where it is, who may log in, what to try first.
struct Banner {
    let configuration: Configuration
    /// The passwords made by this start; nil when everybody was there before.
    let credentials: [FirstStart.Credentials]?

    func show() {
        let web = configuration.web
        Program.say("")
        Program.say("  Tandem is ready.")
        Program.say("    page     http://localhost:\(web.port)")
        if let port = web.securePort {
            Program.say("             https://<this machine>:\(port)  (self-made certificate: confirm it once)")
        }
        let sip = configuration.sip
        Program.say("    SIP      port \(sip.port), UDP and TCP; \(sip.securePort), TLS; in pages at /sip")
        if configuration.service.isTest { Program.say("    TEST MODE  test data in memory, nothing is kept") }
        for line in logins { Program.say(line) }
        Program.say("    try      log in, call 9196 and hear yourself; 9197 is a tone, 9664 music, 9195 a late echo")
        Program.say("")
    }

    private var logins: [String] {
        guard let credentials else {
            return ["    logins   as before; tandem token --login admin prints an access token"]
        }
        let lines = credentials.map { made in
            let phone = made.sipPassword.map { "   extension \(made.user.extension ?? "") SIP password \($0)" } ?? ""
            return "             login \(made.user.login ?? "") password \(made.password)\(phone)"
        }
        return ["    logins   shown this once:"] + lines
    }
}
