package console

import (
	"net/http"
	"strings"

	"sealdesk/internal/engine"
	"sealdesk/web/templates"
)

func (s *server) showConnect(w http.ResponseWriter, r *http.Request) error {
	return s.connectPage(w, r, false)
}

// showSecretKey is showConnect with the secret key. It is a POST, so that no history or log of addresses leads to it.
func (s *server) showSecretKey(w http.ResponseWriter, r *http.Request) error {
	return s.connectPage(w, r, true)
}

func (s *server) connectPage(w http.ResponseWriter, r *http.Request, shown bool) error {
	c, err := s.engine.Credentials(r.Context())
	if err != nil {
		return err
	}
	if !shown {
		c.SecretKey = "<SecretKey>"
	}
	scheme, host, _ := strings.Cut(c.Endpoint, "://")
	d := templates.ConsoleConnect{Endpoint: host, Region: c.Region, ApplicationID: c.ApplicationID, SecretID: c.SecretID, Shown: shown}
	if shown {
		d.SecretKey = c.SecretKey
	}
	for _, sample := range samples {
		d.Samples = append(d.Samples, templates.ConsoleSample{ID: sample.id, Name: sample.name, Code: fill(sample.code, scheme, host, c)})
	}
	return s.show(w, r, http.StatusOK, templates.ConsoleData{Active: "connect"}, templates.ConsoleConnectPage(d))
}

// fill puts the real values into a sample.
func fill(code, scheme, host string, c engine.Credentials) string {
	return strings.TrimSpace(strings.NewReplacer("{scheme}", scheme, "{SCHEME}", strings.ToUpper(scheme), "{host}", host, "{region}", c.Region,
		"{id}", c.SecretID, "{key}", c.SecretKey, "{application}", c.ApplicationID).Replace(code))
}

// samples are the lines that differ from a program for the cloud: endpoint and protocol. A test tries those of Node.
var samples = []struct{ id, name, code string }{
	{"go", "Go", `
// import "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
// import "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
// import essbasic "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/essbasic/v20201222"
p := profile.NewClientProfile()
p.HttpProfile.Scheme = "{SCHEME}"
p.HttpProfile.Endpoint = "{host}"
client, err := essbasic.NewClient(common.NewCredential("{id}", "{key}"), "{region}", p)

request := essbasic.NewDescribeUsersRequest()
request.Caller = &essbasic.Caller{ApplicationId: common.StringPtr("{application}")}
request.UserIds = common.StringPtrs([]string{"…"})
response, err := client.DescribeUsers(request)
`},
	{"node", "Node.js", `
import tencentcloud from "tencentcloud-sdk-nodejs";

const client = new tencentcloud.essbasic.v20201222.Client({
  credential: { secretId: "{id}", secretKey: "{key}" },
  region: "{region}",
  profile: { httpProfile: { endpoint: "{host}", protocol: "{scheme}://" } },
});

const response = await client.DescribeUsers({ Caller: { ApplicationId: "{application}" }, UserIds: ["…"] });
`},
	{"python", "Python", `
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.essbasic.v20201222 import essbasic_client, models

http = HttpProfile(protocol="{scheme}", endpoint="{host}")
client = essbasic_client.EssbasicClient(
    credential.Credential("{id}", "{key}"), "{region}", ClientProfile(httpProfile=http))

request = models.DescribeUsersRequest()
request._deserialize({"Caller": {"ApplicationId": "{application}"}, "UserIds": ["…"]})
response = client.DescribeUsers(request)
`},
	{"java", "Java", `
// import com.tencentcloudapi.common.Credential;
// import com.tencentcloudapi.common.profile.*;
// import com.tencentcloudapi.essbasic.v20201222.EssbasicClient;
// import com.tencentcloudapi.essbasic.v20201222.models.*;
HttpProfile http = new HttpProfile();
http.setProtocol("{scheme}://");
http.setEndpoint("{host}");
ClientProfile profile = new ClientProfile();
profile.setHttpProfile(http);
EssbasicClient client = new EssbasicClient(new Credential("{id}", "{key}"), "{region}", profile);

Caller caller = new Caller();
caller.setApplicationId("{application}");
DescribeUsersRequest request = new DescribeUsersRequest();
request.setCaller(caller);
request.setUserIds(new String[] {"…"});
DescribeUsersResponse response = client.DescribeUsers(request);
`},
	{"php", "PHP", `
use TencentCloud\Common\Credential;
use TencentCloud\Common\Profile\ClientProfile;
use TencentCloud\Common\Profile\HttpProfile;
use TencentCloud\Essbasic\V20201222\EssbasicClient;
use TencentCloud\Essbasic\V20201222\Models\DescribeUsersRequest;

$http = new HttpProfile("{scheme}://", "{host}");
$profile = new ClientProfile();
$profile->setHttpProfile($http);
$client = new EssbasicClient(new Credential("{id}", "{key}"), "{region}", $profile);

$request = new DescribeUsersRequest();
$request->fromJsonString(json_encode(["Caller" => ["ApplicationId" => "{application}"], "UserIds" => ["…"]]));
$response = $client->DescribeUsers($request);
`},
}
