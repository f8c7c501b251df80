#pragma once
#include <curl/curl.h>

/* Swift calls no functions of variable arguments. */
static inline CURLcode tandem_curl_set_number(CURL *transfer, CURLoption option, long value) {
    return curl_easy_setopt(transfer, option, value);
}

static inline CURLcode tandem_curl_set_size(CURL *transfer, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(transfer, option, value);
}

static inline CURLcode tandem_curl_set_text(CURL *transfer, CURLoption option, const char *value) {
    return curl_easy_setopt(transfer, option, value);
}

static inline CURLcode tandem_curl_set_data(CURL *transfer, CURLoption option, const void *value) {
    return curl_easy_setopt(transfer, option, value);
}

static inline CURLcode tandem_curl_set_list(CURL *transfer, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(transfer, option, value);
}

/* Takes what was received; another number than that of the bytes given ends the transfer. */
typedef size_t (*tandem_curl_taker)(char *bytes, size_t size, size_t count, void *owner);

static inline CURLcode tandem_curl_set_taker(CURL *transfer, tandem_curl_taker take, void *owner) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, take);
    return code ? code : curl_easy_setopt(transfer, CURLOPT_WRITEDATA, owner);
}

/* Gives the next bytes that are to be sent; 0 at their end. */
typedef size_t (*tandem_curl_giver)(char *bytes, size_t size, size_t count, void *owner);

static inline CURLcode tandem_curl_set_giver(CURL *transfer, tandem_curl_giver give, void *owner) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_READFUNCTION, give);
    return code ? code : curl_easy_setopt(transfer, CURLOPT_READDATA, owner);
}

/* Makes the socket for an address, or refuses with CURL_SOCKET_BAD. */
static inline CURLcode tandem_curl_set_opener(CURL *transfer, curl_opensocket_callback open, void *owner) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_OPENSOCKETFUNCTION, open);
    return code ? code : curl_easy_setopt(transfer, CURLOPT_OPENSOCKETDATA, owner);
}

static inline long tandem_curl_status(CURL *transfer) {
    long status = 0;
    curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* NULL when the server did not say. */
static inline const char *tandem_curl_content_type(CURL *transfer) {
    char *type = NULL;
    curl_easy_getinfo(transfer, CURLINFO_CONTENT_TYPE, &type);
    return type;
}

/* Whither a redirection leads, absolute; NULL when the response is none. */
static inline const char *tandem_curl_redirection(CURL *transfer) {
    char *url = NULL;
    curl_easy_getinfo(transfer, CURLINFO_REDIRECT_URL, &url);
    return url;
}
