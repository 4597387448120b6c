package mockaic_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"aicmcp/mockaic"
)

// A tenant without a listener is an http.Handler.
func ExampleNew() {
	tenant, err := mockaic.New(mockaic.Seed("empty"), mockaic.DevToken("dev"))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(tenant)
	defer server.Close()

	request, err := http.NewRequest("GET", server.URL+"/openidm/managed/alpha_user?_queryFilter=true", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Authorization", "Bearer dev")
	response, err := server.Client().Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.StatusCode, strings.Contains(string(body), `"resultCount":0`))
	// Output: 200 true
}
