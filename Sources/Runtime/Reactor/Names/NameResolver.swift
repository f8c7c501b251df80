import DNS
import Wire

/// The name service of a `SystemNetwork`: numbers, the hosts file, answers kept, and name servers, in this order.
///
/// Whoever asks what is being asked already shares the answer. Every answer comes in a later turn, within the settings'
/// `timeout`; one that comes after it is kept for the next who asks.
final class NameResolver {
    private final class OpenQuestion {
        var waiting: [(DNSAnswer) -> Void] = []
        var limit: LoopTimer?
    }

    private let loop: ControlLoop
    private let settings: NameServiceSettings
    private let maximumOpen: Int
    private var hosts: HostsFile
    private var cache: NameCache
    private var channel: AresChannel?
    private var open: [DNSQuestion: OpenQuestion] = [:]

    init(loop: ControlLoop, settings: NameServiceSettings, maximumOpen: Int) {
        (self.loop, self.settings, self.maximumOpen) = (loop, settings, maximumOpen)
        hosts = HostsFile(path: settings.hostsFile)
        cache = NameCache(capacity: settings.cachedAnswers)
    }

    func query(_ question: DNSQuestion, then: @escaping (DNSAnswer) -> Void) {
        if let answer = immediateAnswer(to: question) {
            loop.later { then(answer) }
        } else if let asked = open[question] {
            wait(asked, question, then)
        } else if open.count >= maximumOpen {
            loop.later { then(DNSAnswer(.overloaded)) }
        } else {
            ask(question, then)
        }
    }

    private func immediateAnswer(to question: DNSQuestion) -> DNSAnswer? {
        if let answer = question.answerWithoutService() { return answer }
        if question.kind.isAddress, let listed = hosts.addresses(of: question.name, now: loop.now) {
            return question.answer(from: listed)
        }
        return cache.answer(to: question, now: loop.now)
    }

    private func ask(_ question: DNSQuestion, _ then: @escaping (DNSAnswer) -> Void) {
        channel = channel ?? AresChannel(on: loop, settings)
        guard let channel else {
            loop.later { then(DNSAnswer(.unreachable)) }
            return
        }
        let asked = OpenQuestion()
        open[question] = asked
        wait(asked, question, then)
        channel.query(question, searching: question.kind.isAddress) { [weak self] answer in
            self?.answered(question, answer)
        }
    }

    private func wait(_ asked: OpenQuestion, _ question: DNSQuestion, _ then: @escaping (DNSAnswer) -> Void) {
        asked.waiting.append(then)
        guard asked.limit == nil else { return }
        asked.limit = loop.schedule(after: settings.timeout) { [weak self, asked] in
            asked.limit = nil
            self?.tell(asked, question, DNSAnswer(.timedOut))
        }
    }

    private func answered(_ question: DNSQuestion, _ answer: DNSAnswer) {
        guard let asked = open.removeValue(forKey: question) else { return }
        if let limit = asked.limit { loop.cancel(limit) }
        tell(asked, question, answer)
    }

    private func tell(_ asked: OpenQuestion, _ question: DNSQuestion, _ answer: DNSAnswer) {
        let passing = answer.failure.map { !$0.isCertain } ?? false
        let revived = passing ? cache.revive(question, now: loop.now) : nil
        let answer = revived ?? answer
        if revived == nil { cache.keep(answer, to: question, now: loop.now) }
        let waiting = asked.waiting
        asked.waiting = []
        for then in waiting { loop.later { then(answer) } }
    }
}
