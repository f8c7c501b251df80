import Glibc
import Reactor
import Testing
import Wire

@testable import Web

/// A port of both families, and machines that have one of them alone.
@Suite struct AddressFamilyTests {
    private static let ipv4 = SocketAddress(ip: .anyIPv4, port: 3000)
    private static let ipv6 = SocketAddress(ip: .anyIPv6, port: 3000)

    @Test(
        arguments: [
            (nil, [ipv4, ipv6]), (NetworkError.system(EAFNOSUPPORT), [ipv4]), (.addressNotAvailable, [ipv4]),
        ] as [(NetworkError?, [SocketAddress])])
    func `a port is opened in every family the machine has`(refusal: NetworkError?, listened: [SocketAddress]) throws {
        let network = ScriptedNetwork()
        network.refusals[.anyIPv6] = refusal
        try listen(network)
        #expect(network.listened == listened)
    }

    @Test(arguments: [
        (ipv6, NetworkError.addressInUse), (ipv6, .permissionDenied), (ipv4, .addressInUse),
        (ipv4, .addressNotAvailable),
    ])
    func `a port that others have is an error in either family`(address: SocketAddress, refusal: NetworkError) {
        let network = ScriptedNetwork()
        network.refusals[address.ip] = refusal
        #expect(throws: WebError.cannotListen(address, refusal)) { try listen(network) }
    }

    private func listen(_ network: ScriptedNetwork) throws {
        let server = WebServer(
            loop: SimulatedLoop(seed: 1), network: network, application: WebApplication(router: Router()))
        try server.assumeIsolated { try $0.listen(onPort: 3000) }
    }
}
