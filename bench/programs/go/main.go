// The program that the platform's manual shows for a custom runtime, in its manner: net/http, a dial timeout of 3 s, a poll
// every 50 ms while there is nothing to do, an answer with an empty content type.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

type greeting struct {
	Name string `json:"name"`
}

type reply struct {
	Message string `json:"message"`
}

func main() {
	base := "http://" + os.Getenv("RUNTIME_API_ADDR") + "/v1/runtime/invocation/"
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Timeout: 3 * time.Second}).DialContext}}
	for {
		requestID, payload, err := next(client, base+"request")
		if err != nil || requestID == "" {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var event greeting
		kind, body := "response/", []byte(nil)
		if err = json.Unmarshal(payload, &event); err == nil {
			body, err = json.Marshal(reply{Message: "Hello, " + event.Name + "!"})
		}
		if err != nil {
			kind, body = "error/", []byte(fmt.Sprintf(`{"errorType":"Error","errorMessage":%q}`, err.Error()))
		}
		response, err := client.Post(base+kind+requestID, "", bytes.NewReader(body))
		if err != nil {
			fmt.Println("the answer was not delivered:", err)
			continue
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

func next(client *http.Client, url string) (string, []byte, error) {
	response, err := client.Get(url)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	payload, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		return "", nil, err
	}
	return response.Header.Get("X-Cff-Request-Id"), payload, err
}
