import Crypto
import Directory
import Reactor
import Store
import Wire

/// `tandem token`: prints an access token for a user, for scripts and for people who try the API.
enum TokenCommand {
    static func run(_ arguments: [String]) {
        guard let login = value(of: "--login", in: arguments) else {
            Program.fail(.usage, "tandem token --login NAME [--hours N]")
        }
        let hours = value(of: "--hours", in: arguments).flatMap(Int64.init) ?? 24
        let configuration = Program.configuration()
        do {
            let token = try token(configuration, lasting: .seconds(max(1, hours) * 3600)) { users in
                users.first { $0.login == login }
            }
            guard let token else { Program.fail(.usage, "there is no user \"\(login)\"") }
            print(token)
        } catch let error as ConfigurationError {
            Program.fail(.configuration, error.description)
        } catch let error as StoreError {
            let error = StartError.store(error, configuration.storeVariable)
            Program.fail(error.failure, error.description)
        } catch {
            Program.fail(.system, "DATA_DIR: \(error)")
        }
    }

    /// A token of whom `find` finds, made with the secret that the gateway signs with; nil when it finds nobody.
    static func token(
        _ configuration: Configuration, lasting time: Duration, of find: ([User]) -> User?
    ) throws -> String? {
        guard !configuration.service.isTest else {
            throw ConfigurationError(
                variable: "TEST_MODE", problem: "the gateway has its users in memory, where no command sees them",
                cure: "log in at /api/auth/login with a password that it printed, or unset it")
        }
        let kept = try DatabaseTools(configuration.storeLocation).look(up: Secrets.secretName, find)
        guard let user = kept.user else { return nil }
        return try sign(
            TokenClaims(
                userID: user.id, login: user.login, role: user.role.rawValue, expires: SystemClock.wallTime() + time),
            with: key(configuration, kept.setting))
    }

    static func sign(_ claims: TokenClaims, with key: TokenKey) -> String {
        key.sign(claims, issuedAt: SystemClock.wallTime())
    }

    private static func key(
        _ configuration: Configuration, _ kept: String?
    ) throws(ConfigurationError) -> TokenKey {
        if let secret = configuration.web.secret { return try Secrets.tokenKey(configured: secret) }
        guard let kept else {
            throw ConfigurationError(
                variable: configuration.storeVariable, problem: "no gateway has made its secret there yet",
                cure: "start it once, or set JWT_SECRET")
        }
        return try Secrets.tokenKey(kept: kept)
    }

    private static func value(of option: String, in arguments: [String]) -> String? {
        guard let index = arguments.firstIndex(of: option), arguments.indices.contains(index + 1) else { return nil }
        return arguments[index + 1]
    }
}
