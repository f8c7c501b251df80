extension Schema {
    /// Users, their phones and passwords, companies, lines and SIP accounts.
    static func directory(_ sql: Dialect) -> String {
        """
        CREATE TABLE users (
            id \(sql.id),
            login \(sql.text(100)) UNIQUE,
            name \(sql.text),
            first_name \(sql.text),
            last_name \(sql.text),
            email \(sql.text),
            role \(sql.text(30)) NOT NULL DEFAULT 'operator',
            status \(sql.text(20)) NOT NULL DEFAULT 'active',
            presence \(sql.text(10)) NOT NULL DEFAULT 'offline',
            -- Whether a socket or registration of ours said so: only then does a restart take it back.
            presence_is_live \(sql.flag) NOT NULL DEFAULT \(sql.no),
            city \(sql.text(100)),
            sip_address \(sql.text(255)),
            extension \(sql.text(20)) UNIQUE,
            mango_user_id \(sql.reference),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX users_sip_address ON users (lower(sip_address));
        CREATE VIEW callcentre_operator AS
            SELECT id, login, name, status, city, sip_address, created_at, updated_at
            FROM users WHERE role = 'operator';

        CREATE TABLE user_passwords (
            user_id \(sql.reference) PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            hash \(sql.text) NOT NULL,
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE user_phones (
            id \(sql.id),
            user_id \(sql.reference) NOT NULL REFERENCES users ON DELETE CASCADE,
            phone_number \(sql.text(32)) NOT NULL,
            phone_norm \(sql.text(20)) GENERATED ALWAYS AS (\(sql.normalForm(of: "phone_number"))) STORED,
            phone_type \(sql.text(20)) NOT NULL DEFAULT 'work',
            is_primary \(sql.flag) NOT NULL DEFAULT \(sql.no),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX user_phones_user ON user_phones (user_id);
        CREATE INDEX user_phones_norm ON user_phones (\(sql.lastTen("phone_norm")));

        CREATE TABLE companies (
            id \(sql.id),
            name_companies \(sql.text(255)) NOT NULL,
            inn \(sql.text(12)) UNIQUE,
            status_companies \(sql.text(50)) NOT NULL DEFAULT 'active',
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        CREATE TABLE company_phones (
            id \(sql.id),
            company_id \(sql.reference) NOT NULL REFERENCES companies ON DELETE CASCADE,
            phone_number \(sql.text(32)) NOT NULL,
            phone_norm \(sql.text(20)) GENERATED ALWAYS AS (\(sql.normalForm(of: "phone_number"))) STORED,
            phone_type \(sql.text(20)) NOT NULL DEFAULT 'main',
            contact_person \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX company_phones_company ON company_phones (company_id);
        CREATE INDEX company_phones_norm ON company_phones (\(sql.lastTen("phone_norm")));

        CREATE TABLE phones (
            id \(sql.id),
            number \(sql.text(20)) NOT NULL UNIQUE,
            number_norm \(sql.text(20)) GENERATED ALWAYS AS (\(sql.normalForm(of: "number"))) STORED,
            rk \(sql.text),
            city \(sql.text(100)),
            avito_name \(sql.text),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );
        CREATE INDEX phones_norm ON phones (\(sql.lastTen("number_norm")));

        CREATE TABLE sip_accounts (
            id \(sql.id),
            extension \(sql.text) NOT NULL UNIQUE,
            username \(sql.text) NOT NULL UNIQUE,
            digest_md5 \(sql.text),
            digest_sha256 \(sql.text),
            ws_password \(sql.text),
            display_name \(sql.text) NOT NULL DEFAULT '',
            user_id \(sql.reference) REFERENCES users ON DELETE SET NULL,
            enabled \(sql.flag) NOT NULL DEFAULT \(sql.yes),
            registered_at \(sql.time),
            contact_uri \(sql.text),
            expires_at \(sql.time),
            created_at \(sql.time) NOT NULL DEFAULT \(sql.now),
            updated_at \(sql.time) NOT NULL DEFAULT \(sql.now)
        );

        """
    }
}
