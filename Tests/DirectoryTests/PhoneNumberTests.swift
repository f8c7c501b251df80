import Directory
import Testing

struct PhoneNumberTests {
    @Test(arguments: [
        ("+7 (999) 123-45-67", "79991234567"), ("8 999 123 45 67", "79991234567"), ("9991234567", "9991234567"),
        ("81234", "81234"), ("1001", "1001"), ("sip:+79991234567@trunk.example;user=phone", "79991234567"),
        ("SIPS:1001@pbx", "1001"), ("tel:+1-201-555-0123", "12015550123"), ("sip:Anna@pbx", "anna"),
        ("Echo", "echo"), ("sip:anna2@pbx", "anna2"), ("", ""), ("anonymous", "anonymous"),
    ]) func `a number has one normal form however it is written`(text: String, normal: String) {
        #expect(PhoneNumber(text).normal == normal)
        #expect(PhoneNumber(text).text == text)
    }

    @Test(arguments: [
        ("+7 (999) 123-45-67", "89991234567", true), ("9991234567", "+79991234567", true),
        ("+19991234567", "+79991234567", true), ("1001", "01001", false), ("991234567", "9991234567", false),
        ("1001", "1001", true), ("", "", false), ("sip:anna@a", "sip:ANNA@b", true),
    ]) func `the last ten digits decide, shorter numbers match whole`(left: String, right: String, match: Bool) {
        #expect(PhoneNumber(left).matches(right) == match)
        #expect(PhoneNumber(right).matches(left) == match)
    }

    @Test(arguments: [
        "+79991234567", "8 (999) 123-45-67", "1001", "0", "+7.999.123.45.67", "sip:anna@pbx.example",
        "sips:1001@[2001:db8::1]:5061", "sip:1001", "+1234567890123456789012345",
    ]) func `numbers and addresses are accepted`(text: String) {
        #expect(PhoneNumber.isAcceptable(text))
    }

    @Test(arguments: [
        "", "+", "++7", "abc", "7999abc", "(999) 1", " 7999", "7\r\n9", "7999;x=1", "sip:", "sip:@host", "sip:a@",
        "sip:a b@c", "sip:a@b@c", "sip:a@b\r\nTo: x", "tel:+7999", "123456789012345678901234567",
        "sip:" + String(repeating: "a", count: 300),
    ]) func `anything else is not`(text: String) {
        #expect(!PhoneNumber.isAcceptable(text))
    }

    @Test(arguments: [
        ("+7 (999) 123-45-67", true), ("79991234567", true), ("12", true), ("123456789012345", true), ("1", false),
        ("1234567890123456", false), ("0123", false), ("+", false), ("echo", false), ("", false),
    ]) func `document 004 wants E164`(text: String, isE164: Bool) {
        #expect(PhoneNumber.isE164(text) == isE164)
    }
}

struct UserTests {
    @Test(arguments: [
        ("admin", User.Role.admin), ("operator", .operator), ("director", .director), ("master", .master),
        ("callcentre_admin", .admin), ("callcentre_operator", .operator), ("Admin", nil), ("", nil),
    ]) func `roles have the names of the earlier call centre too`(text: String, role: User.Role?) {
        #expect(User.Role(text) == role)
    }

    @Test func `a person is called by the fullest name known`() {
        #expect(User(id: 1, login: "anna", name: "Анна И.", firstName: "Анна").displayName == "Анна И.")
        #expect(
            User(id: 1, login: "anna", name: "", firstName: "Анна", lastName: "Иванова").displayName == "Анна Иванова")
        #expect(User(id: 1, login: "anna", extension: "1001").displayName == "anna")
        #expect(User(id: 7).displayName == "user 7")
    }
}

struct RosterTests {
    private func account(_ number: String, user: Int64?, enabled: Bool = true) -> SIPAccount {
        SIPAccount(
            id: 0, extension: number, username: "u\(number)", secret: .password("x"), displayName: number, userID: user,
            isEnabled: enabled)
    }

    @Test func `people and accounts are found by every name they have`() {
        let roster = Roster(
            users: [User(id: 1, extension: "1001"), User(id: 2)],
            phones: [UserPhone(id: 1, userID: 2, number: "1", kind: .work, isPrimary: true)],
            accounts: [account("1001", user: 1), account("1002", user: 2), account("1003", user: 2, enabled: false)],
            lines: [PhoneLine(id: 1, number: "+74951234567")])
        #expect(roster.account(username: "u1002")?.extension == "1002")
        #expect(roster.account(extension: "1002")?.username == "u1002")
        #expect(roster.account(username: "1002") == nil)
        #expect(roster.user(extension: "1001")?.id == 1)
        #expect(roster.user(extension: "1002")?.id == 2)
        #expect(roster.user(extension: "1009") == nil)
        #expect(roster.accounts(ofUser: 2).map(\.extension) == ["1002"])
        #expect(roster.phones[2]?.count == 1)
        #expect(roster.line(number: "84951234567")?.id == 1)
        #expect(roster.line(number: "1001") == nil)
    }

    @Test func `accounts of the environment replace stored ones of their extensions`() {
        var changed = account("1001", user: 2)
        changed.username = "operator1"
        let roster = Roster(
            users: [User(id: 1, extension: "1001"), User(id: 2)],
            accounts: [account("1001", user: 1), account("1002", user: 1)]
        ).adding([changed])
        #expect(roster.accounts.map(\.username) == ["u1002", "operator1"])
        #expect(roster.account(extension: "1001")?.userID == 2)
        #expect(roster.users.count == 2)
    }
}
