import Directory
import Store
import Wire

/// `tandem check`: says whether the configuration can be used.
enum CheckCommand {
    static func run() {
        let configuration = Program.configuration()
        for warning in configuration.warnings { Program.say("warning: \(warning)") }
        print("The configuration can be used.")
        for line in summary(configuration) { print("  \(line)") }
    }

    private static func summary(_ configuration: Configuration) -> [String] {
        let (web, sip, media) = (configuration.web, configuration.sip, configuration.media)
        let last = Int(media.browserPort) + media.workers - 1
        let trunk = sip.trunk?.targets.first?.description ?? "none"
        return [
            "HTTP \(web.port)\(web.securePort.map { ", HTTPS \($0)" } ?? "")",
            "SIP \(sip.port) UDP and TCP, \(sip.securePort) TLS on \(sip.listenAddresses.list), and on WebSockets at /sip",
            "\(sip.users.count) accounts from SIP_USERS",
            "trunk \(trunk)",
            "WebRTC UDP and TCP \(media.browserPort)–\(last), RTP UDP \(media.ports.lowerBound)–\(media.ports.upperBound)",
            "data in \(configuration.service.dataFolder), calls in \(configuration.service.isTest ? .memory : configuration.storeLocation)",
        ]
    }
}

extension [IPAddress] {
    fileprivate var list: String { map(\.description).joined(separator: " and ") }
}
