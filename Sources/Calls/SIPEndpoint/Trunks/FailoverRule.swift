/// Whether a call that failed at one server may be tried at another.
///
/// Only failures of the way itself go on: silence, a flow that breaks, and the answers of servers that are overloaded
/// or broken. Whatever the one called or their network decided ends the hunt: nobody is rung twice who said no.
///
/// | status | before ringing | after ringing |
/// |---|---|---|
/// | 408, no answer at all | goes on | goes on |
/// | 430 Flow Failed | goes on | ends |
/// | 500, 502, 504 | goes on | ends |
/// | 503, no way there | goes on | goes on |
/// | other 4xx and 5xx, 6xx | ends | ends |
///
/// After a 18x somebody's telephone has rung, so that a 500 may well be that telephone's; 408 and 503 then come from
/// servers. A call that rang until our own limit is over. 3xx is followed to servers of the same trunk only.
enum FailoverRule {
    static func goesOn(after status: Int, hasRung: Bool) -> Bool {
        switch status {
        case 408, 503: true
        case 430, 500, 502, 504: !hasRung
        default: false
        }
    }
}
