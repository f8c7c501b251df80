import CallKit
import CallModel
import Calls
import Media
import Reactor
import SDP
import SIPEndpoint
import TestKit
import Testing
import Wire

/// Digits from one side to the other, each side in its own way.
struct DigitTests {
    /// A page talks to 1001.
    private func talking(seed: UInt64) throws -> (Exchange, ScriptedPhone, ScriptedPage, SIPLegID) {
        let exchange = try Exchange(seed: seed, users: 2)
        let phone = try exchange.addPhone("1001")
        #expect(exchange.register())
        let page = ScriptedPage("page", userID: 2)
        _ = try exchange.call("1001", from: page)
        exchange.loop.advance(by: .seconds(3))
        let leg = try #require(phone.assumeIsolated { $0.fates.keys.first })
        return (exchange, phone, page, leg)
    }

    private func digits(_ page: ScriptedPage) -> [Character] {
        page.messages.compactMap { if case .digit(let digit) = $0 { digit } else { nil } }
    }

    @Test func `a digit by INFO reaches the page and its media once`() throws {
        let (exchange, phone, page, leg) = try talking(seed: 41)
        phone.assumeIsolated { $0.press("5", on: leg) }
        exchange.loop.advance(by: .seconds(1))
        #expect(digits(page) == ["5"])
        #expect(exchange.media.digits.values.joined() == "5")
    }

    @Test func `a phone that sends every digit both ways is heard once`() throws {
        let (exchange, phone, page, leg) = try talking(seed: 42)
        let media = try #require(exchange.media.remotes.first { if case .sip = $0.value { true } else { false } }?.key)
        for digit in "77" {
            exchange.media.cause(.digit(media, digit, milliseconds: 100))
            exchange.loop.advance(by: .milliseconds(50))
            phone.assumeIsolated { $0.press(digit, on: leg) }
            exchange.loop.advance(by: .milliseconds(400))
        }
        #expect(digits(page) == ["7", "7"])
        #expect(exchange.media.digits.values.joined() == "")
    }
}
