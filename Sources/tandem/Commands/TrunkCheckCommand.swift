import Directory
import Glibc
import Reactor
import SIPEndpoint
import Store
import Wire

/// `tandem trunk check`: examines a trunk from its name to a test call, and says line by line what is well and what is
/// to be done; ends with status 0, or 1 when something failed.
enum TrunkCheckCommand {
    static let help = "tandem trunk check NAME [--call NUMBER] [--json]"

    static func main(_ words: [String]) async {
        do throws(CommandError) {
            let arguments = try Arguments(words, options: ["--call"], flags: ["--json"])
            let name = try arguments.exactly("NAME")[0]
            let configuration = Program.configuration()
            let trunk = try await find(name, configuration)
            let report = try await examine(trunk, calling: arguments.value("--call"), configuration)
            print(arguments.has("--json") ? report.json.text + "\n" : report.text, terminator: "")
            exit(report.isGood ? 0 : 1)
        } catch {
            switch error {
            case .usage(let problem): Program.fail(.usage, "\(problem)\n\n\(help)")
            case .refused(let problem): Program.fail(.refused, problem)
            }
        }
    }

    /// A trunk of the store, or the one of `SIP_SERVER`, which is called default.
    private static func find(_ name: String, _ configuration: Configuration) async throws(CommandError) -> Trunk {
        let session: DirectorySession
        do throws(StoreError) {
            session = try DirectorySession(configuration)
        } catch {
            throw .refused("DATA_DIR: \(error)")
        }
        let roster = try await session.roster()
        await session.store.close()
        guard let trunk = roster.trunk(named: name) else {
            let known = roster.trunks.map(\.name).joined(separator: ", ")
            throw .refused("there is no trunk \(name)\(known.isEmpty ? "" : "; there is \(known)")")
        }
        return trunk
    }

    private static func examine(
        _ trunk: Trunk, calling number: String?, _ configuration: Configuration
    ) async throws(CommandError) -> TrunkReport {
        let loop: ControlLoop
        do throws(NetworkError) {
            loop = try ControlLoop()
        } catch {
            throw .refused("the system has no room for a loop (\(error))")
        }
        let names = NameServiceSettings(servers: configuration.service.nameServers)
        let examination = TrunkExamination(
            trunk, loop: loop, network: SystemNetwork(loop: loop, names: names),
            surroundings: TrunkExaminationSurroundings(publicAddress: configuration.media.publicAddress))
        loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        do throws(SIPEndpointError) {
            return try await examination.examine(calling: number)
        } catch {
            throw .refused("no port can be opened (\(error))")
        }
    }
}
