import CallViews
import Calls
import Directory
import Web
import Wire

/// `/api/v1/admin/companies`: who calls from which numbers.
///
/// They are many: the list comes in pages, and each is asked of the store.
extension API {
    func addCompanies(_ admin: AdminServices, to router: inout Router) {
        let companies = companies(admin)
        onAdmin(.get, companies.name, .listCompanies, &router) { request throws(Failure) in
            try await listCompanies(request, admin)
        }
        add(companies, admin, to: &router) { _ throws(Failure) in companies }
    }

    private func listCompanies(_ request: APIRequest, _ admin: AdminServices) async throws(Failure) -> HTTPResponse {
        let page = try request.page("page", default: 1)
        let limit = try request.limit(.companies)
        let (offset, overflow) = (page - 1).multipliedReportingOverflow(by: limit)
        let query = CompanyQuery(
            search: try request.search("search"), limit: limit, offset: overflow ? Int.max : offset)
        let found = try await stored { () throws(StoreError) in try await admin.store.companies(matching: query) }
        let pagination = PageInfo(page: page, limit: limit, total: found.total).v1
        return await rendered(found.items.count) {
            let data = found.items.map { JSONValue.object($0.json) }
            return .json(.ok, ["success": true, "data": .array(data), "pagination": pagination])
        }
    }

    private func companies(_ admin: AdminServices) -> AdminResource<Company> {
        AdminResource(
            name: "companies", all: { _ in [] },
            find: { _, text throws(Failure) in
                guard let id = Self.id(text) else { return nil }
                return try await stored { () throws(StoreError) in try await admin.store.company(id: id) }
            },
            json: { company, _ in company.json }, make: { form, _ in Company(form) },
            apply: { company, form, _ in company.apply(form) },
            add: { company throws(StoreError) in try await admin.store.add(company) },
            update: { company throws(StoreError) in try await admin.store.update(company) },
            remove: { company throws(StoreError) in try await admin.store.removeCompany(id: company.id) },
            missing: .companyNotFound)
    }
}
