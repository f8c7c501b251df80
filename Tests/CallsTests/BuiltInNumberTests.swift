import CallKit
import CallModel
import Calls
import Media
import Reactor
import TestKit
import Testing
import Wire

struct BuiltInNumberTests {
    @Test func `a page that talks in Opus hears a tone it is transferred to in Opus`() throws {
        let exchange = try Exchange(seed: 5, users: 2)
        let pages = [ScriptedPage("page-a", userID: 1), ScriptedPage("page-b", userID: 2)]
        for page in pages {
            exchange.calls.assumeIsolated { $0.pagesChanged(userID: page.participantUserID ?? 0, online: 1) }
        }
        let request = CallRequest(caller: .page(userID: 1), target: "1002", source: .webrtc)
        let key = try exchange.calls.assumeIsolated { try $0.originate(request) }.key
        for page in pages {
            if page.participantUserID == 2 { _ = try exchange.calls.assumeIsolated { try $0.accept(key, userID: 2) } }
            try exchange.calls.assumeIsolated { calls in
                _ = try calls.join(key, page)
                try calls.offer(key, from: page, sdp: ScriptedPage.offer())
            }
            exchange.loop.advance(by: .seconds(1))
        }
        #expect(pages.allSatisfy { $0.answers.last?.contains("opus/48000") == true })
        try exchange.calls.assumeIsolated { calls in
            _ = try calls.transfer(key, to: .number("9197"), reason: nil, userID: 1)
        }
        exchange.loop.advance(by: .seconds(1))
        let offers = pages[1].messages.compactMap { if case .offer(let sdp, _) = $0 { sdp } else { nil } }
        #expect(offers.isEmpty)
        #expect(exchange.media.sources.values.contains(.milliwatt))
    }
}
