extension Schema {
    /// Users, their phones and passwords, companies, lines and SIP accounts.
    static let directory = """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            login TEXT UNIQUE,
            name TEXT,
            first_name TEXT,
            last_name TEXT,
            email TEXT,
            role TEXT NOT NULL DEFAULT 'operator',
            status TEXT NOT NULL DEFAULT 'active',
            presence TEXT NOT NULL DEFAULT 'offline',
            -- Whether a socket or registration of ours said so: only then does a restart take it back.
            presence_is_live INTEGER NOT NULL DEFAULT 0,
            city TEXT,
            sip_address TEXT,
            extension TEXT UNIQUE,
            mango_user_id INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX users_sip_address ON users (lower(sip_address));
        CREATE VIEW callcentre_operator AS
            SELECT id, login, name, status, city, sip_address, created_at, updated_at
            FROM users WHERE role = 'operator';

        CREATE TABLE user_passwords (
            user_id INTEGER PRIMARY KEY REFERENCES users ON DELETE CASCADE,
            hash TEXT NOT NULL,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        CREATE TABLE user_phones (
            id INTEGER PRIMARY KEY,
            user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            phone_number TEXT NOT NULL,
            phone_norm TEXT GENERATED ALWAYS AS (\(normalForm(of: "phone_number"))) STORED,
            phone_type TEXT NOT NULL DEFAULT 'work',
            is_primary INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX user_phones_user ON user_phones (user_id);
        CREATE INDEX user_phones_norm ON user_phones (substr(phone_norm, -10));

        CREATE TABLE companies (
            id INTEGER PRIMARY KEY,
            name_companies TEXT NOT NULL,
            inn TEXT UNIQUE,
            status_companies TEXT NOT NULL DEFAULT 'active',
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        CREATE TABLE company_phones (
            id INTEGER PRIMARY KEY,
            company_id INTEGER NOT NULL REFERENCES companies ON DELETE CASCADE,
            phone_number TEXT NOT NULL,
            phone_norm TEXT GENERATED ALWAYS AS (\(normalForm(of: "phone_number"))) STORED,
            phone_type TEXT NOT NULL DEFAULT 'main',
            contact_person TEXT,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX company_phones_company ON company_phones (company_id);
        CREATE INDEX company_phones_norm ON company_phones (substr(phone_norm, -10));

        CREATE TABLE phones (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL UNIQUE,
            number_norm TEXT GENERATED ALWAYS AS (\(normalForm(of: "number"))) STORED,
            rk TEXT,
            city TEXT,
            avito_name TEXT,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );
        CREATE INDEX phones_norm ON phones (substr(number_norm, -10));

        CREATE TABLE sip_accounts (
            id INTEGER PRIMARY KEY,
            extension TEXT NOT NULL UNIQUE,
            username TEXT NOT NULL UNIQUE,
            digest_md5 TEXT,
            digest_sha256 TEXT,
            ws_password TEXT,
            display_name TEXT NOT NULL DEFAULT '',
            user_id INTEGER REFERENCES users ON DELETE SET NULL,
            enabled INTEGER NOT NULL DEFAULT 1,
            registered_at INTEGER,
            contact_uri TEXT,
            expires_at INTEGER,
            created_at INTEGER NOT NULL DEFAULT \(now),
            updated_at INTEGER NOT NULL DEFAULT \(now)
        );

        """
}
