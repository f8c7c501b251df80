import Crypto
import Directory
import Reactor
import Store
import Wire

/// `tandem token`: prints an access token for a user, for scripts and for people who try the API.
enum TokenCommand {
    static func run(_ arguments: [String]) async {
        guard let login = value(of: "--login", in: arguments) else {
            Program.fail(.usage, "tandem token --login NAME [--hours N]")
        }
        let hours = value(of: "--hours", in: arguments).flatMap(Int64.init) ?? 24
        let configuration = Program.configuration()
        do {
            let token = try await token(configuration, lasting: .seconds(max(1, hours) * 3600)) { store in
                try await store.credentials(login: login)?.user
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
        _ configuration: Configuration, lasting time: Duration, of find: (SQLStore) async throws -> User?
    ) async throws -> String? {
        guard !configuration.service.isTest else {
            throw ConfigurationError(
                variable: "TEST_MODE", problem: "the gateway has its users in memory, where no command sees them",
                cure: "log in at /api/auth/login with a password that it printed, or unset it")
        }
        let store = try SQLStore(configuration.storeLocation)
        let now = SystemClock.wallTime()
        let secrets = try await Secrets(
            store: store, configured: configuration.web.secret, hostName: Program.hostName(), addresses: [], now: now)
        let user = try await find(store)
        await store.close()
        guard let user else { return nil }
        let claims = TokenClaims(
            userID: user.id, login: user.login, role: user.role.rawValue, expires: now + time)
        return try secrets.tokenKey.sign(claims, issuedAt: now)
    }

    private static func value(of option: String, in arguments: [String]) -> String? {
        guard let index = arguments.firstIndex(of: option), arguments.indices.contains(index + 1) else { return nil }
        return arguments[index + 1]
    }
}
